"""Consumer groups as an operator sees them: who is in one."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from kafka.errors import GroupIdNotFoundError, KafkaError

from recordgate_runtime.kafka import open_admin
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError


def count_members(group: str, settings: Settings) -> int:
    """Return how many processes the broker counts as members of a group; one that died stays for some seconds.

    Raises RetryableError when the broker does not say.
    """
    with closing(open_admin(settings)) as admin:
        try:
            found = admin.describe_groups([group])[group]
        except KafkaError as error:
            raise RetryableError(f"group {group}: {type(error).__name__}") from error
    return members_of(group, found)


def members_of(group: str, described: Mapping[str, Any]) -> int:
    """Return how many members a description has. SAFETY: one with an error lists none, and says nothing of them."""
    error = described["error"]
    if error and GroupIdNotFoundError.__name__ not in error:  # never used: nobody is in it
        raise RetryableError(f"group {group}: {error}")
    return len(described["members"])
