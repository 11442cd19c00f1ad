"""Kafka's ACLs, made from the topic catalogue: who writes and who reads each topic, and nobody else."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, SecurityDisabledError

from recordgate_deploy.waiting import await_true
from recordgate_runtime.kafka import open_admin, topic_name
from recordgate_runtime.kafka_access import group_name
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError, UsageError
from recordgate_schemas.topics import DECIDER, TOPICS, Principal, Topic

_IN_FORCE_S = 30.0
_USER = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Kafka takes `*` for everybody."""

WATCH = (*DECIDER, Principal.VIEW_SINK, Principal.GATE_LANE, Principal.REVIEW_SINK)
"""Who compares the settings of what it reads."""

LOOKS_AT_ALL = (*WATCH, Principal.RESTORE, Principal.METRICS)
"""Who sees that all topics keep their number of partitions, or how far they go."""


def wanted(settings: Settings, publishers: Sequence[str] = ()) -> set[Any]:
    """Return every ACL that Recordgate needs; `publishers` are allowed what the principal `publisher` is."""
    users = {Principal.PUBLISHER: (Principal.PUBLISHER, *publishers)}
    found = {
        _acl(user, operation, ResourceType.TOPIC, topic_name(topic, settings))
        for topic in TOPICS
        for principal, operation in _operations(topic)
        for user in users.get(principal, (principal,))
    }
    groups = {
        _acl(one, ACLOperation.READ, ResourceType.GROUP, group_name(one, settings))
        for one in DECIDER
    }
    watched = {
        _acl(
            Principal.RESTORE, ACLOperation.DESCRIBE, ResourceType.GROUP, group_name(one, settings)
        )
        for one in DECIDER
    }
    return found | groups | watched


def apply_acls(settings: Settings, publishers: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Create the ACLs that are missing; return them, and those on our topics and groups that are not ours."""
    if strange := [name for name in publishers if not _USER.fullmatch(name)]:
        raise UsageError(
            f"--publisher: {strange[0]!r} is no user: 1-64 letters, digits, dot, hyphen, underscore"
        )
    admin = open_admin(settings)
    try:
        found, needed = _existing(admin), wanted(settings, publishers)
        _create(admin, needed - found)
        if not await_true(lambda: needed <= _existing(admin), timeout_s=_IN_FORCE_S):
            raise RetryableError("Kafka took the ACLs and does not know them yet; repeat")
    except SecurityDisabledError:
        raise UsageError(
            "Kafka has no authorizer, so anybody may do anything; see docs/access.md"
        ) from None
    except KafkaError as error:
        raise RetryableError(f"Kafka refused the ACLs ({type(error).__name__})") from None
    finally:
        admin.close()
    ours = [acl.resource_pattern for acl in needed]
    extra = {
        acl for acl in found - needed if any(covers(acl.resource_pattern, one) for one in ours)
    }
    return _lines(needed - found), _lines(extra)


def covers(pattern: Any, ours: Any) -> bool:
    """Whether an ACL's pattern applies to a topic or group of ours: by its name, its beginning, or `*`."""
    if pattern.resource_type != ours.resource_type:
        return False
    if pattern.pattern_type == ACLResourcePatternType.PREFIXED:
        return bool(ours.resource_name.startswith(pattern.resource_name))
    return pattern.resource_name in ("*", ours.resource_name)


def _operations(topic: Topic) -> Iterator[tuple[Principal, Any]]:
    yield from ((one, ACLOperation.WRITE) for one in topic.writers)
    yield from ((one, ACLOperation.READ) for one in topic.readers)
    yield from ((one, ACLOperation.DESCRIBE_CONFIGS) for one in topic.readers if one in WATCH)
    yield from ((one, ACLOperation.DESCRIBE) for one in LOOKS_AT_ALL)


def _acl(user: str, operation: Any, kind: Any, name: str) -> Any:
    allow = ACLPermissionType.ALLOW
    return ACL(f"User:{user}", "*", operation, allow, ResourcePattern(kind, name))


def _existing(admin: Any) -> set[Any]:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, _ = admin.describe_acls(
        ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
    )
    return set(found)


def _create(admin: Any, acls: set[Any]) -> None:
    if acls and (failed := admin.create_acls(list(acls))["failed"]):
        raise failed[0]


def _lines(acls: set[Any]) -> list[str]:
    return sorted(
        f"{acl.principal.removeprefix('User:')} {acl.permission_type.name.lower()}"
        f" {acl.operation.name.lower()} {acl.resource_pattern.resource_name}"
        for acl in acls
    )
