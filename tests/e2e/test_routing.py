"""A client with another partitioner, and topics that have grown: nothing hidden stays visible, nothing is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient

from recordgate_deploy.processes import APPS
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_deploy.waiting import await_true
from recordgate_producers.publisher import Publisher
from recordgate_producers.simulator import SimulatedPatient
from recordgate_runtime.settings import settings
from recordgate_schemas.control import EntryHidden, HideCause
from recordgate_schemas.entry import Readiness
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS
from tests.e2e.astray import about, elsewhere, publish_patient, seen, send_astray
from tests.support.services import broker
from tests.support.stack import is_ready, running_stack

NAMES = {app.name for app in APPS}


@pytest.fixture
def victim(runner: Runner, watch: Watch) -> Iterator[SimulatedPatient]:
    """A patient with many messages at home, so that another partition's numbers are lower."""
    assert runner.pids()
    with Publisher(broker(settings().kafka, "publisher")) as publisher:
        yield publish_patient(publisher, watch, entries=60)


def quarantined(coordinates: str) -> bool:
    topic, partition, offset = coordinates.split("/")
    with psycopg.connect(settings().ledger_dsn) as ledger:
        row = ledger.execute(
            "select from quarantine where topic = %s and partition = %s and record_offset = %s",
            (topic, partition, offset),
        ).fetchone()
    return row is not None


def test_a_hide_on_the_wrong_partition_closes_its_patient(
    victim: SimulatedPatient, watch: Watch
) -> None:
    hidden = victim.entries[0]
    number = victim.nhs_number
    change = EntryHidden(hidden.entry_id, (), HideCause.DO_NOT_DISPLAY)
    where = send_astray(CONTROLS, about(victim, change), elsewhere(number))
    watch.wait()

    assert len(seen(number)) == 0, f"the hide does nothing: {len(seen(number))} entries are shown"
    assert quarantined(where)


def test_an_entry_on_the_wrong_partition_is_set_aside_and_not_lost(
    victim: SimulatedPatient, watch: Watch
) -> None:
    before = victim.entries[0]
    withdrawn = replace(before, version=before.version + 1, readiness=Readiness.IN_ERROR)
    where = send_astray(ENTRIES, withdrawn, elsewhere(victim.nhs_number))
    watch.wait()

    with psycopg.connect(settings().ledger_dsn) as ledger:
        row = ledger.execute(
            "select outcome from current_decision where nhs_number = %s and entry_id = %s"
            " and audience = 'self'",
            (victim.nhs_number.digits, withdrawn.entry_id),
        ).fetchone()
    assert row == ("RELEASED",), f"decided elsewhere as {row}, shown {len(seen(victim.nhs_number))}"
    assert quarantined(where)


def grow(partitions: int) -> None:
    admin = KafkaAdminClient(**broker(settings().kafka).kafka_python())
    admin.create_partitions({settings().topic_prefix + t.name: partitions for t in TOPICS})
    admin.close()


def stopped_for_partitions(log: Path) -> set[str]:
    """Return the processes whose last words name the page about partitions."""
    found = set()
    for line in log.read_text().splitlines():
        if "partitions.md" in line:
            found.add(json.loads(line)["process"])
    return found


class Endings:
    """What the process runner writes of processes that end: those whose status is that of a safety check."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._found: set[str] = set()

    def all_safe(self) -> bool:
        for line in self._capfd.readouterr().err.splitlines():
            if '"PROCESS_ENDED"' in line and (ended := json.loads(line))["status"] == 6:
                self._found.add(ended["child"])
        return self._found == NAMES

    def wait(self) -> set[str]:
        await_true(self.all_safe, timeout_s=40)
        found, self._found = self._found, set()
        return found


def test_grown_topics_stop_every_process_while_it_runs_and_at_its_next_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log, endings = tmp_path / "processes.log", Endings(capfd)
    with running_stack(tmp_path) as runner:
        for name in NAMES:
            assert await_true(lambda: is_ready(runner, name), timeout_s=120), name  # noqa: B023
        grow(8)
        while_running = endings.wait()
        words_while_running = stopped_for_partitions(log)
    with running_stack(tmp_path):
        at_start = endings.wait()
        words_at_start = stopped_for_partitions(log)

    assert (while_running, at_start) == (NAMES, NAMES)
    assert (words_while_running, words_at_start) == (NAMES, NAMES)
