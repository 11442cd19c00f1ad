"""The quarantine on the running product: what is set aside is encrypted, repaired, and published where it belongs."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition

from recordgate_deploy.processes import recordgate_argv
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_producers.publisher import Publisher
from recordgate_producers.simulator import SimulatedPatient
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import environment, settings
from recordgate_schemas import codec
from recordgate_schemas.control import Control, EntryHidden, HideCause
from recordgate_schemas.entry import Readiness
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import CONTROLS, ENTRIES, QUARANTINED, Topic
from recordgate_streams.ledger.account import read_account
from tests.e2e.astray import (
    about,
    elsewhere,
    home_of,
    publish_patient,
    seen,
    send_astray,
    send_raw,
)
from tests.support.services import broker

UNREADABLE = b"\xc3\x01 perhaps a hide of MARKER"


@pytest.fixture
def victim(runner: Runner, watch: Watch) -> Iterator[SimulatedPatient]:
    assert runner.pids()
    with Publisher(broker(settings().kafka, "publisher")) as publisher:
        yield publish_patient(publisher, watch, entries=3)


def run(*arguments: str, status: int = 0) -> str:
    """Run a command as an operator does and return what it printed."""
    done = subprocess.run(
        recordgate_argv("quarantine", *arguments),
        env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def hide(patient: SimulatedPatient, place: int) -> Control:
    entry_id = patient.entries[place].entry_id
    return about(patient, EntryHidden(entry_id, (), HideCause.DO_NOT_DISPLAY))


def as_json(folder: Path, control: Control) -> str:
    file = folder / f"{control.control_id}.json"
    file.write_text(json.dumps(mapper(Control, "json").dump(control)))  # type: ignore[misc]
    return str(file)


def unaccounted() -> int:
    with connect(settings().ledger_dsn, "ledger_reader") as ledger:
        return read_account(ledger).unaccounted


def copies_of(where: str) -> int:
    """Return how many records of `controls` name these coordinates as their original."""
    header = ("recordgate-replay-of", where.encode())
    return sum(header in message.headers for message in all_of(CONTROLS))


def test_a_misrouted_hide_is_replayed_once_and_lifts_its_closing(
    victim: SimulatedPatient, watch: Watch
) -> None:
    number = victim.nhs_number
    where = send_astray(CONTROLS, hide(victim, 0), elsewhere(number))
    watch.wait()
    assert seen(number) == set()
    listed = run("list")
    assert (
        f"{where}  quarantined  bytes kept  partition: is not that of the message's patient"
        in listed
    )
    assert number.digits not in listed

    assert "published again where it belongs" in run("replay", where)
    watch.wait()
    assert seen(number) == {"0-1", "0-2"}
    assert copies_of(where) == 1
    assert "was replayed before; nothing was published" in run("replay", where)
    assert copies_of(where) == 1
    assert where not in run("list")
    (done,) = [
        one for one in json.loads(run("list", "--all", "--json")) if one["coordinates"] == where
    ]
    assert [one["action"] for one in done["actions"]] == ["replayed"]
    assert unaccounted() == 0


def test_of_two_misrouted_hides_each_lifts_its_own_closing(
    victim: SimulatedPatient, watch: Watch
) -> None:
    number = victim.nhs_number
    first = send_astray(CONTROLS, hide(victim, 0), elsewhere(number))
    second = send_astray(CONTROLS, hide(victim, 1), elsewhere(number))
    watch.wait()
    run("replay", second)
    watch.wait()
    assert seen(number) == set()
    run("replay", first)
    watch.wait()
    assert seen(number) == {"0-2"}


def test_a_misrouted_entry_is_decided_after_its_replay(
    victim: SimulatedPatient, watch: Watch
) -> None:
    before = victim.entries[0]
    withdrawn = replace(before, version=before.version + 1, readiness=Readiness.IN_ERROR)
    where = send_astray(ENTRIES, withdrawn, elsewhere(victim.nhs_number))
    watch.wait()
    assert seen(victim.nhs_number) == {"0-0", "0-1", "0-2"}
    run("replay", where)
    watch.wait()
    assert seen(victim.nhs_number) == {"0-1", "0-2"}
    assert unaccounted() == 0


def test_an_unreadable_control_holds_its_patient_until_it_is_repaired(
    victim: SimulatedPatient, watch: Watch, tmp_path: Path
) -> None:
    number = victim.nhs_number
    key, home = number.digits.encode(), home_of(number)
    first = send_raw(CONTROLS, UNREADABLE, key, home)
    second = send_raw(CONTROLS, UNREADABLE, key, home)
    watch.wait()
    assert seen(number) == set()
    shown = tmp_path / "value"
    assert "MARKER" not in run("show", first, "--value-to", str(shown))
    assert (shown.read_bytes(), shown.stat().st_mode & 0o777) == (UNREADABLE, 0o600)
    assert "shown by" in run("show", first)
    assert "repair it first" in run("replay", first, status=2)
    assert "fingerprint" in run("repair", first, "--file", str(shown), status=2)

    for place, where in ((1, second), (0, first)):
        run("repair", where, "--file", as_json(tmp_path, hide(victim, place)))
    assert f"stay held until {first} is replayed" in run("replay", second)
    watch.wait()
    assert seen(number) == set()
    confirmed = run("replay", first)
    assert f"confirmed through position {second.rsplit('/', 1)[1]}" in confirmed
    watch.wait()
    assert seen(number) == {"0-2"}


def test_an_unreadable_control_elsewhere_closes_its_patient_until_it_is_repaired(
    victim: SimulatedPatient, watch: Watch, tmp_path: Path
) -> None:
    number = victim.nhs_number
    where = send_raw(CONTROLS, UNREADABLE, number.digits.encode(), elsewhere(number))
    watch.wait()
    assert seen(number) == set()
    run("repair", where, "--file", as_json(tmp_path, hide(victim, 0)))
    assert "confirmed" not in run("replay", where)  # the decider held nothing
    watch.wait()
    assert seen(number) == {"0-1", "0-2"}


def test_a_rubbish_key_of_a_megabyte_stops_nobody_and_goes_no_further(
    victim: SimulatedPatient, watch: Watch
) -> None:
    entry = codec.encode(ENTRIES, victim.entries[0])
    send_raw(ENTRIES, entry, b"9" * 1_200_000, 0)
    control = codec.encode(CONTROLS, hide(victim, 0))
    send_raw(CONTROLS, control, b"9" * 1_200_000, 0)
    send_raw(CONTROLS, control, None, 0)
    watch.wait()

    assert {key for key, _ in quarantine_notices()} == {b""}
    assert max(len(value) for _, value in quarantine_notices()) < 1000
    assert seen(victim.nhs_number) == set()  # the value names the patient
    assert unaccounted() == 0


def quarantine_notices() -> list[tuple[bytes, bytes]]:
    return [(message.key, message.value) for message in all_of(QUARANTINED)]


def all_of(topic: Topic) -> list[Any]:
    """Return every record of a topic, as far as it goes now."""
    name = settings().topic_prefix + topic.name
    consumer = KafkaConsumer(
        **broker(settings().kafka).kafka_python(), auto_offset_reset="earliest"
    )
    partitions = [TopicPartition(name, p) for p in range(settings().partitions)]
    consumer.assign(partitions)
    ends = sum(consumer.end_offsets(partitions).values())
    found: list[Any] = []
    while len(found) < ends:
        for batch in consumer.poll(timeout_ms=1000).values():
            found += batch
    consumer.close()
    return found


def test_the_ledger_keeps_no_readable_byte_of_what_is_set_aside(
    victim: SimulatedPatient, watch: Watch
) -> None:
    digits = victim.nhs_number.digits
    send_raw(CONTROLS, UNREADABLE, digits.encode(), elsewhere(victim.nhs_number))
    send_astray(ENTRIES, victim.entries[0], elsewhere(victim.nhs_number))
    watch.wait()
    with psycopg.connect(settings().ledger_dsn) as ledger:
        rows = ledger.execute("select quarantine::text from quarantine").fetchall()
    text = "".join(row for (row,) in rows)
    secrets = (digits.encode(), b"MARKER", victim.entries[0].body[:40])
    found = [secret for secret in secrets if secret.hex() in text or secret.decode() in text]
    assert found == []
    assert len(rows) >= 2
