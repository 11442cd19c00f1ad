"""How each client library is told where Kafka is and who we are; and what the ACLs made of the catalogue allow."""

from pathlib import Path

import pytest
from kafka.admin import ACLResourcePatternType, ResourcePattern, ResourceType

from recordgate_deploy.kafka_acls import WATCH, covers, wanted
from recordgate_runtime.kafka_access import KafkaAccess, access
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import Principal
from tests.support.sources import ROOT

ALLOWED = {
    "publisher": {("write", "entries"), ("write", "controls"), ("read", "receipts")},
    "decide-entries": {("read", "entries"), ("read", "recordgate-decide-entries")},
    "decide-controls": {
        ("read", "controls"),
        ("read", "entries"),
        ("read", "recordgate-decide-controls"),
    },
    "view-sink": {("read", "released")},
    "gate-lane": {("read", "controls"), ("write", "controls")},
    "review-sink": {("read", "held"), ("write", "controls")},
    "operator": {("write", "controls"), ("write", "entries"), ("read", "quarantined")},
    "metrics": set(),
    "restore": set(),
}
PUBLISHED = ("released", "held", "receipts", "quarantined")
DECIDED = {(operation, topic) for topic in PUBLISHED for operation in ("write", "read")}
RESTORED = {("read", topic) for topic in (*PUBLISHED, "entries", "controls")}


def test_the_acls_allow_what_each_principal_does_and_no_more() -> None:
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in ALLOWED}
    for acl in wanted(Settings(topic_prefix="")):
        operation = acl.operation.name.lower()
        if operation not in ("describe", "describe_configs"):
            user = acl.principal.removeprefix("User:")
            found[user].add((operation, acl.resource_pattern.resource_name))
    deciders = {name: ALLOWED[name] | DECIDED for name in ("decide-entries", "decide-controls")}
    assert found == {**ALLOWED, **deciders, "restore": RESTORED}


def test_who_watches_a_topic_that_it_reads_sees_its_settings_and_nobody_else_does() -> None:
    acls = wanted(Settings(topic_prefix=""))
    by_operation = {
        name: {
            (one.principal.removeprefix("User:"), one.resource_pattern.resource_name)
            for one in acls
            if one.operation.name == name
            and one.resource_pattern.resource_type is ResourceType.TOPIC
        }
        for name in ("READ", "DESCRIBE_CONFIGS")
    }
    assert by_operation["DESCRIBE_CONFIGS"] == {
        (user, topic) for user, topic in by_operation["READ"] if user in WATCH
    }


def test_another_publisher_may_do_what_publishers_do() -> None:
    more = wanted(Settings(topic_prefix="p-"), ["another"]) - wanted(Settings(topic_prefix="p-"))
    allowed = {(a.principal, a.operation.name, a.resource_pattern.resource_name) for a in more}
    assert allowed == {
        ("User:another", "WRITE", "p-entries"),
        ("User:another", "WRITE", "p-controls"),
        ("User:another", "READ", "p-receipts"),
    }


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        (ResourcePattern(ResourceType.TOPIC, "p-held"), True),
        (ResourcePattern(ResourceType.TOPIC, "*"), True),
        (ResourcePattern(ResourceType.TOPIC, "p-", ACLResourcePatternType.PREFIXED), True),
        (ResourcePattern(ResourceType.TOPIC, "q-", ACLResourcePatternType.PREFIXED), False),
        (ResourcePattern(ResourceType.TOPIC, "p-helden"), False),
        (ResourcePattern(ResourceType.GROUP, "p-held"), False),
    ],
)
def test_an_acl_of_others_is_noticed_however_it_names_our_topic(
    pattern: ResourcePattern, *, covered: bool
) -> None:
    assert covers(pattern, ResourcePattern(ResourceType.TOPIC, "p-held")) is covered


def test_the_operators_page_names_every_principal() -> None:
    page = (ROOT / "docs/access.md").read_text("utf-8")
    assert [one for one in Principal if f"`{one}`" not in page] == []


@pytest.mark.parametrize(
    ("known", "protocol"),
    [
        (KafkaAccess("a:1"), "PLAINTEXT"),
        (KafkaAccess("a:1", "me", "x"), "SASL_PLAINTEXT"),
        (KafkaAccess("a:1", ca=Path("/ca")), "SSL"),
        (KafkaAccess("a:1", "me", "x", Path("/ca")), "SASL_SSL"),
    ],
    ids=lambda one: getattr(one, "protocol", ""),
)
def test_every_client_is_told_the_same(known: KafkaAccess, protocol: str) -> None:
    python, native = known.kafka_python(), known.librdkafka()
    assert python["security_protocol"] == native["security.protocol"] == protocol
    assert python.get("sasl_plain_username", "") == native.get("sasl.username", "") == known.user
    assert python.get("sasl_plain_password", "") == native.get("sasl.password", "")
    assert python.get("sasl_mechanism") == native.get("sasl.mechanism")
    assert python.get("ssl_cafile") == native.get("ssl.ca.location")


def test_a_password_is_read_from_a_file_of_its_owner_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "publisher"
    file.touch(mode=0o600)
    file.write_text("a-secret\n")
    settings = Settings(kafka="a:1", kafka_secrets=tmp_path, kafka_user="publisher")
    assert access(settings).password == "a-secret"  # noqa: S105
    assert "a-secret" not in repr(access(settings))
    file.chmod(0o640)
    with pytest.raises(UsageError, match="others may read it; chmod 600"):
        access(settings)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), ("", "is empty"), ("\n", "is empty")]
)
def test_without_a_password_the_message_names_the_file(
    tmp_path: Path, content: str | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "publisher").touch(mode=0o600)
        (tmp_path / "publisher").write_text(content)
    with pytest.raises(UsageError, match=says):
        access(Settings(kafka="a:1", kafka_secrets=tmp_path, kafka_user="publisher"))


def test_a_process_signs_in_as_itself_unless_a_user_is_configured() -> None:
    assert Settings(kafka_user="").as_user("view-sink").kafka_user == "view-sink"
    assert Settings(kafka_user="emis").as_user("publisher").kafka_user == "emis"
