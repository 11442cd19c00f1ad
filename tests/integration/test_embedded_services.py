"""The embedded Kafka and PostgreSQL: they keep what they were given, also when they are killed."""

import contextlib
import os
import re
import signal
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from recordgate_deploy import embedded, ports
from recordgate_deploy.embedded import jars, kafka, postgres
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_schemas.errors import FatalError, RetryableError, UsageError
from tests.support.services import broker, running_services, start_services

TOPIC = "kept"
PATIENT = "999 000 0018"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("running")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[dict[str, int]]:
    """The pids of both servers."""
    with running_services(folder) as runner:
        yield _pids(runner)


def test_both_listen_on_loopback_only(running: dict[str, int]) -> None:
    found = {name: _listening(pid) for name, pid in running.items()}
    assert {"kafka": {"127.0.0.1"}, "postgres": {"127.0.0.1"}} == found


@pytest.mark.usefixtures("running")
def test_an_unknown_topic_is_not_created(folder: Path) -> None:
    consumer = KafkaConsumer(**broker(kafka.address(folder)).kafka_python(), group_id=None)
    assert consumer.partitions_for_topic("never-made") in (None, set())
    assert "never-made" not in consumer.topics()
    consumer.close()


@pytest.mark.usefixtures("running")
def test_the_largest_body_fits_and_the_broker_gives_the_time(folder: Path) -> None:
    _make_topic(folder, "large")
    _put(folder, "large", b"x" * (8 * MIB + 1000), timestamp_ms=1)
    (record,) = _read(folder, "large")
    assert (len(record.value), record.timestamp > 1) == (8 * MIB + 1000, True)


@pytest.mark.usefixtures("running")
def test_the_databases_are_there_and_checked(folder: Path) -> None:
    for name in embedded.DATABASES:
        row = _ask(postgres.dsn(folder, name), _ABOUT_THE_DATABASE)
        assert (name, "UTF8", "on", "on", "on") == row


_ABOUT_THE_DATABASE = """
SELECT current_database(), current_setting('server_encoding'), current_setting('data_checksums'),
       current_setting('fsync'), current_setting('synchronous_commit')
"""


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("user", ["recordgate", "decider"])
def test_nobody_gets_in_without_the_password(folder: Path, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.dsn(folder, "ledger"), user=user, password="guess")  # noqa: S106


@pytest.mark.usefixtures("running")
def test_passwords_are_for_their_owner_only(folder: Path) -> None:
    home = folder / "postgres"
    secrets = (home / "password", home / "passfile", home, folder / "kafka")
    modes = [path.stat().st_mode & 0o777 for path in secrets]
    assert modes == [0o600, 0o600, 0o700, 0o700]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT %(patient)s::int",
        f"SELECT '{PATIENT}'::int",
        "INSERT INTO taken VALUES (%(patient)s), (%(patient)s)",
        "DO $$ BEGIN RAISE EXCEPTION '999 000 0018'; END $$",
    ],
)
def test_an_error_leaves_no_patient_in_the_log(folder: Path, statement: str) -> None:
    with psycopg.connect(postgres.dsn(folder, "view"), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS taken (number text PRIMARY KEY)")
        with pytest.raises(psycopg.Error, match=PATIENT):
            connection.execute(statement, {"patient": PATIENT})
    logs = [path.read_text() for path in (folder / "postgres" / "log").iterdir()]
    assert not [text for text in logs if PATIENT in text]
    assert any("ready to accept connections" in text for text in logs)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("prepare", [kafka.prepare, postgres.prepare])
def test_a_second_server_on_the_same_data_is_refused(folder: Path, prepare: object) -> None:
    assert callable(prepare)
    before = embedded.addresses(folder)
    with pytest.raises(UsageError, match="Stop it first"):
        prepare(folder)
    assert before == embedded.addresses(folder)


def test_a_second_start_finds_data_and_addresses_again(tmp_path: Path) -> None:
    with start_services(tmp_path) as first:
        _keep_something(tmp_path)
        cluster = _cluster(tmp_path)
    with start_services(tmp_path) as second:
        assert (first, cluster) == (second, _cluster(tmp_path))
        _assert_kept(tmp_path)


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    with running_services(tmp_path) as runner:
        _keep_something(tmp_path)
        for name in ("kafka", "postgres"):
            os.kill(_pids(runner)[name], signal.SIGKILL)
            runner.stop_process(name)
    with start_services(tmp_path):
        _assert_kept(tmp_path)


def test_nothing_is_left_running_after_a_stop(tmp_path: Path) -> None:
    with running_services(tmp_path) as runner:
        servers = [psutil.Process(pid) for pid in _pids(runner).values()]
        family = [one for server in servers for one in (server, *server.children(recursive=True))]
    assert len(family) > len(servers)
    assert await_true(lambda: not any(map(_lives, family)), timeout_s=30)


@pytest.mark.parametrize(
    ("service", "prepare"), [("kafka", kafka.prepare), ("postgres", postgres.prepare)]
)
def test_storage_that_a_kill_left_half_made_is_made_again(
    tmp_path: Path, service: str, prepare: object
) -> None:
    assert callable(prepare)
    half = tmp_path / service / "data.new"
    half.mkdir(parents=True)
    (half / "half").write_text("made")
    prepare(tmp_path)
    found = sorted(path.name for path in (tmp_path / service / "data").iterdir())
    assert ("half" not in found, half.exists()) == (True, False)
    assert {"meta.properties", "PG_VERSION"} & set(found)


def test_a_port_that_somebody_took_is_given_up_and_a_new_one_remembered(tmp_path: Path) -> None:
    memory = tmp_path / "port"
    first = ports.settle_ports(memory)[0]
    with socket.create_server((ports.LOOPBACK, first)):
        second = ports.settle_ports(memory)[0]
    assert (first != second, second) == (True, ports.settle_ports(memory)[0])


def test_an_address_that_others_hold_is_kept_though_taken(tmp_path: Path) -> None:
    memory = tmp_path / "port"
    port = ports.settle_ports(memory)[0]
    with socket.create_server((ports.LOOPBACK, port)):
        assert port == ports.keep_port(memory)


def test_a_server_that_cannot_be_set_up_says_why(
    tmp_path: Path,
) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "password").touch()
    with pytest.raises(RetryableError, match=r"password file .* is empty"):
        postgres.prepare(tmp_path)


def test_every_jar_is_locked_by_hash_and_nothing_names_a_machine() -> None:
    text = jars.LOCK.read_text()
    locked = tomllib.loads(text)["dependencies"]
    assert [jar for jar in locked if not re.fullmatch(r"[0-9a-f]{64}", jar["sha256"])] == []
    assert {"sha256", "groupId", "artifactId", "version", "packaging"} == {
        k for j in locked for k in j
    }
    assert not re.search(r"[/\\]|://|localhost|\d+\.\d+\.\d+\.\d+\"?:", text)
    assert not re.search(r"://|^\s*\[repositories", jars.SPEC.read_text(), re.MULTILINE)


def test_all_of_kafka_is_of_one_version() -> None:
    versions = {jar.version for jar in jars.locked_jars() if jar.group == "org.apache.kafka"}
    assert len(versions) == 1


def test_a_tampered_jar_is_refused(tmp_path: Path) -> None:
    genuine = jars.verified_jars(jars.default_store(tmp_path), jars.locked_jars())
    for jar in genuine:
        (tmp_path / jar.name).symlink_to(jar)
    victim = tmp_path / genuine[7].name
    altered = victim.read_bytes() + b"!"
    victim.unlink()
    victim.write_bytes(altered)
    with pytest.raises(FatalError, match=victim.name):
        jars.verified_jars(tmp_path, jars.locked_jars())
    assert altered == victim.read_bytes()


def _pids(runner: Runner) -> dict[str, int]:
    return {name: pid for name, pid in runner.pids().items() if pid is not None}


def _listening(pid: int) -> set[str]:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    connections = []
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # a session's process may end meanwhile
            connections += member.net_connections(kind="inet")
    return {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _make_topic(folder: Path, name: str) -> None:
    admin = KafkaAdminClient(**broker(kafka.address(folder)).kafka_python())
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()


def _put(folder: Path, topic: str, value: bytes, *, timestamp_ms: int | None = None) -> None:
    producer = KafkaProducer(
        **broker(kafka.address(folder)).kafka_python(), acks="all", max_request_size=9 * MIB
    )
    producer.send(topic, value, partition=0, timestamp_ms=timestamp_ms).get(timeout=30)
    producer.close()


def _read(folder: Path, topic: str) -> list[Any]:
    consumer = KafkaConsumer(
        **broker(kafka.address(folder)).kafka_python(), group_id=None, auto_offset_reset="earliest"
    )
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    found: list[Any] = []
    end = consumer.end_offsets([partition])[partition]
    while consumer.position(partition) < end:
        found.extend(consumer.poll(1000).get(partition, []))
    consumer.close()
    return found


def _cluster(folder: Path) -> str:
    text = (folder / "kafka" / "data" / "meta.properties").read_text()
    return "".join(re.findall(r"cluster\.id=\S+", text))


def _ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchone()


def _keep_something(folder: Path) -> None:
    _make_topic(folder, TOPIC)
    _put(folder, TOPIC, b"kept")
    with psycopg.connect(postgres.dsn(folder, "ledger")) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('kept')")


def _assert_kept(folder: Path) -> None:
    assert [record.value for record in _read(folder, TOPIC)] == [b"kept"]
    assert _ask(postgres.dsn(folder, "ledger"), "SELECT word FROM kept") == ("kept",)
