"""The broker of a running product lets each principal do its work and nothing else."""

import json
import subprocess
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from recordgate_deploy.kafka_acls import apply_acls, wanted
from recordgate_deploy.processes import recordgate_argv
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_deploy.waiting import await_true
from recordgate_producers.publisher import Publisher
from recordgate_runtime.kafka import open_admin
from recordgate_runtime.kafka_access import group_name, read_password
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.process import ExitCode
from recordgate_runtime.settings import environment, settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, RELEASED, TOPICS, Principal, Topic
from tests.e2e.astray import new_patient, seen
from tests.support.services import broker

OURS = [one for one in Principal if one is not Principal.ADMIN]
VALUE = b"nothing that anybody can read"

pytestmark = pytest.mark.usefixtures("runner")


@pytest.mark.parametrize("user", OURS)
def test_nobody_writes_but_who_the_catalogue_names(user: Principal) -> None:
    quiet = [topic for topic in TOPICS if topic is not CONTROLS]  # ticks come all the time
    before = {topic.name: ends(topic) for topic in quiet}
    sender = KafkaSender(broker(settings().kafka, user), "test", ack_timeout_s=12)
    try:
        for topic in TOPICS:
            if user not in topic.writers:
                with pytest.raises(RetryableError, match=r"Authorization|KafkaError"):
                    sender.send_all(topic.name, [(b"9990000018", VALUE)])
    finally:
        sender.abandon()
    assert {topic.name: ends(topic) for topic in quiet} == before


@pytest.mark.parametrize("user", OURS)
def test_nobody_reads_but_who_the_catalogue_names(user: Principal) -> None:
    for topic in TOPICS:
        if user in topic.readers:
            continue
        consumer = KafkaConsumer(**broker(settings().kafka, user).kafka_python(), group_id=None)
        partition = TopicPartition(topic.name, 0)
        try:
            consumer.assign([partition])
            with pytest.raises(TopicAuthorizationFailedError):
                read_until_refused(consumer, partition)
        finally:
            consumer.close()


def read_until_refused(consumer: KafkaConsumer, partition: TopicPartition) -> None:
    """Ask where the log begins, then poll for ten seconds; nothing may come."""
    consumer.seek(partition, consumer.beginning_offsets([partition])[partition])
    for _ in range(50):
        assert not consumer.poll(timeout_ms=200)


def ends(topic: Topic) -> dict[TopicPartition, int]:
    """Where the partitions of a topic end."""
    options = broker(settings().kafka, Principal.METRICS).kafka_python()
    consumer = KafkaConsumer(**options, group_id=None)
    partitions = [TopicPartition(topic.name, n) for n in range(settings().partitions)]
    found: dict[TopicPartition, int] = consumer.end_offsets(partitions)
    consumer.close()
    return found


@pytest.mark.parametrize(
    "options", [{}, {"security_protocol": "SASL_PLAINTEXT"}], ids=["plain", "sasl"]
)
def test_who_does_not_sign_in_is_refused(options: dict[str, str]) -> None:
    if options:
        options |= {
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "a",
            "sasl_plain_password": "b",
        }
    with pytest.raises(KafkaError):
        KafkaProducer(
            bootstrap_servers=settings().kafka,
            bootstrap_timeout_ms=5_000,
            max_block_ms=5_000,
            **options,
        ).send(RELEASED.name, VALUE).get(timeout=10)


def test_the_controllers_port_lets_no_stranger_in() -> None:
    port = (settings().home / "kafka" / "controller-port").read_text().strip()
    with pytest.raises(KafkaError):
        KafkaProducer(
            bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=5_000, max_block_ms=5_000
        ).send(RELEASED.name, VALUE).get(timeout=10)


def test_a_publisher_joins_no_group_of_the_decider_and_opens_no_transaction() -> None:
    options = broker(settings().kafka, Principal.PUBLISHER).kafka_python()
    group = group_name(Principal.DECIDE_ENTRIES, settings())
    with pytest.raises(GroupAuthorizationFailedError):
        open_admin(settings().as_user(Principal.PUBLISHER)).list_group_offsets(group)
    producer = KafkaProducer(**options, transactional_id="recordgate", max_block_ms=10_000)
    with pytest.raises(KafkaError):
        producer.init_transactions()


def command(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the product against the running servers, with other settings."""
    return subprocess.run(
        recordgate_argv(*arguments),
        env={**environment(), **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_password_is_one_line_and_a_status(tmp_path: Path) -> None:
    (tmp_path / Principal.PUBLISHER).touch(mode=0o600)
    (tmp_path / Principal.PUBLISHER).write_text("not-the-password")
    done = command(tmp_path, "simulate", "--patients", "1", RECORDGATE_KAFKA_SECRETS=str(tmp_path))
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.strip().splitlines() == [done.stderr.strip()]
    assert "lets publisher in with its password" in done.stderr
    assert "not-the-password" not in done.stderr


def test_a_password_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / Principal.PUBLISHER).write_text("a-password")
    (tmp_path / Principal.PUBLISHER).chmod(0o644)
    done = command(tmp_path, "simulate", "--patients", "1", RECORDGATE_KAFKA_SECRETS=str(tmp_path))
    assert done.returncode == 2
    assert "others may read it; chmod 600" in done.stderr
    assert "a-password" not in done.stderr


def test_no_secret_is_in_a_process_list_an_environment_or_a_log(runner: Runner) -> None:
    folder = settings().kafka_secrets
    assert folder is not None
    secrets = [read_password(file) for file in folder.iterdir()]
    assert len(secrets) > len(Principal)
    family = [psutil.Process(pid) for pid in runner.pids().values() if pid]
    seen = [" ".join(one.cmdline()) + " ".join(one.environ().values()) for one in family]
    seen += [file.read_text(errors="replace") for file in settings().home.parent.rglob("*.log")]
    assert not [secret for secret in secrets for text in seen if secret in text]


def test_files_with_secrets_are_for_their_owner_only() -> None:
    home = settings().home / "kafka"
    files = [home / "server.properties", *(home / "secrets").iterdir()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert not (home / "format.args").exists()


def test_topics_a_second_time_has_nothing_to_do_and_names_what_is_not_ours(tmp_path: Path) -> None:
    assert command(tmp_path, "topics").stdout.strip() == "all topics and ACLs are there"
    added = command(tmp_path, "topics", "--publisher", "another")
    assert "allowed: another allow write entries" in added.stdout
    assert "held" not in added.stdout
    again = command(tmp_path, "topics")
    assert "not ours: another allow write entries" in again.stdout


@pytest.mark.parametrize(
    ("process", "topic"), [("view-sink", RELEASED), ("decide-entries", ENTRIES)]
)
def test_a_process_that_loses_its_rights_stops_and_loses_nothing(
    runner: Runner, watch: Watch, process: str, topic: Topic, capfd: pytest.CaptureFixture[str]
) -> None:
    known = settings().as_user(Principal.ADMIN)
    before = runner.pids()[process]
    under_way, later = new_patient(entries=3), new_patient(entries=3)
    with Publisher(broker(known.kafka, Principal.PUBLISHER)) as publisher:
        publisher.publish_controls((*under_way.controls, *later.controls))
        watch.wait()
        refuse_to_read(Principal(process), topic)
        try:
            publisher.publish_entries(under_way.entries)  # a fetch that waits may bring them yet
            assert await_true(lambda: runner.pids()[process] not in (None, before), timeout_s=60)
            again = runner.pids()[process]
            publisher.publish_entries(later.entries)
            assert await_true(lambda: runner.pids()[process] != again, timeout_s=60)
            assert seen(later.nhs_number) == set()
        finally:
            apply_acls(known)
    watch.wait()
    assert [len(seen(one.nhs_number)) for one in (under_way, later)] == [3, 3]
    lines = capfd.readouterr().err.splitlines()
    ends = [json.loads(line) for line in lines if '"PROCESS_ENDED"' in line]
    assert {(end["child"], end["status"]) for end in ends} == {(process, ExitCode.DEPENDENCY_DOWN)}


def refuse_to_read(user: Principal, topic: Topic) -> None:
    """Take a right away, as an operator may by mistake, and return once the broker refuses it."""
    admin = open_admin(settings().as_user(Principal.ADMIN))
    [taken] = [
        acl
        for acl in wanted(settings())
        if acl.principal == f"User:{user}"
        and acl.operation.name == "READ"
        and acl.resource_pattern.resource_name == topic.name
    ]
    admin.delete_acls([taken])
    assert await_true(lambda: not admin.describe_acls(taken)[0], timeout_s=30)
    admin.close()
