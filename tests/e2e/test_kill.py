"""Processes, broker and database die at random moments while entries and controls flow: nothing is lost or leaks.

Checked against an answer computed from the topics by code that shares nothing with the rules. The short run is part of
`make test`; `make chaos` runs longer. A failure prints the seed that repeats it.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka.partitioner import murmur2

from recordgate_deploy.settled import Watch
from recordgate_producers.publisher import Publisher
from recordgate_runtime.kafka import PartitionReader
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings, settings
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.account import read_account
from tests.e2e.kill.answer import Log, expected, leaks
from tests.e2e.kill.load import Event, Load, make_load
from tests.e2e.kill.nemesis import TARGETS, Nemesis
from tests.e2e.kill.witness import Observation, Witness, look
from tests.support.services import broker
from tests.support.stack import running_stack

LONG = os.environ.get("RECORDGATE_CHAOS") == "long"
SEED = int(os.environ.get("RECORDGATE_SEED", "20261122"))
PATIENTS, ENTRIES_EACH = (1500, 60) if LONG else (400, 50)
CHUNK = 250


@pytest.mark.timeout(3000 if LONG else 900)
@pytest.mark.parametrize("engine", ["faust", "bulk"])
def test_nothing_is_lost_shown_twice_leaked_or_out_of_order_when_everything_is_killed(
    tmp_path: Path, engine: str
) -> None:
    load = make_load(PATIENTS, ENTRIES_EACH, SEED)
    with running_stack(tmp_path, batch_entries="500", engine=engine) as runner:
        known = settings()
        nemesis = Nemesis(runner, known.ledger_dsn, SEED, least_work=600)
        witness = Witness(known.view_dsn, load.patients, SEED)
        nemesis.start()
        witness.start()
        _publish(load, known)
        _drain(load, known, nemesis)
        _wait_for_rest(known)
        witness.stop()
        logs = _read_topics(known)
        verdict = _compare(load, logs, witness.observations, known)

    print(f"\nseed={SEED} kills={len(nemesis.kills)} {dict(Counter(nemesis.kills))}")
    print(f"observations={len(witness.observations)} {verdict}")
    assert set(TARGETS) <= set(nemesis.kills)
    assert load.entries >= 20_000
    assert load.controls >= 500
    assert len(witness.observations) >= 1_000
    assert verdict == dict.fromkeys(verdict, 0)


def _publish(load: Load, known: Settings) -> None:
    """Publish in order; what Kafka did not acknowledge is sent again, as a clinical system would."""
    chunks = [load.events[n : n + CHUNK] for n in range(0, len(load.events), CHUNK)]
    for chunk in chunks:
        while not _acknowledged(chunk, known):
            pass


def _acknowledged(chunk: Sequence[Event], known: Settings) -> bool:
    try:
        with Publisher(broker(known.kafka, "publisher")) as publisher:
            publisher.publish_controls([e for e in chunk if isinstance(e, Control)])
            publisher.publish_entries([e for e in chunk if isinstance(e, ClinicalEntry)])
    except RetryableError:
        return False
    return True


def _drain(load: Load, known: Settings, nemesis: Nemesis) -> None:
    """Let the nemesis go on until most of the work is done, then stop it: safety first, then liveness."""
    while _accepted(known) < 0.9 * len(
        {e.entry_id for e in load.events if isinstance(e, ClinicalEntry)}
    ):
        pass
    nemesis.stop()


def _accepted(known: Settings) -> int:
    try:
        with psycopg.connect(known.ledger_dsn, connect_timeout=2) as connection:
            row = connection.execute("select count(*), pg_sleep(0.5) from entry").fetchone()
            return int(row[0]) if row else 0
    except psycopg.Error:
        return 0


def _wait_for_rest(known: Settings) -> None:
    """Wait until everything is through; servers that were just killed may need a moment to answer."""
    for _ in range(20):
        try:
            watch = Watch(known)
            watch.wait(timeout_s=300)
            watch.close()
        except (RetryableError, psycopg.Error):
            continue
        return
    pytest.fail(f"the pipeline did not come to rest; seed {SEED}")


def _read_topics(known: Settings) -> dict[NhsNumber, Log]:
    logs: dict[NhsNumber, Log] = defaultdict(Log)
    for offset, control in _messages(CONTROLS, known):
        logs[control.nhs_number].controls.append((offset, control))
    for _, entry in _messages(ENTRIES, known):
        logs[entry.nhs_number].add_entry(entry)
    return logs


def _messages(topic: Topic, known: Settings) -> Iterator[tuple[int, Any]]:
    reader = PartitionReader(
        topic, known.as_user("admin"), dict.fromkeys(range(known.partitions), 0)
    )
    left = {partition: end for partition, end in reader.end_offsets().items() if end}
    while left:
        for record in reader.poll(1.0, 5000):
            if record.offset + 1 >= left.get(record.partition, 0):
                left.pop(record.partition, None)
            if not codec.is_tick(topic, record.value):
                yield record.offset, codec.decode(topic, record.value)
    reader.close()


def _compare(
    load: Load, logs: dict[NhsNumber, Log], observations: list[Observation], known: Settings
) -> dict[str, int]:
    lost = twice = wrong = 0
    with connect(known.view_dsn, "view_reader") as view:
        for patient in load.patients:
            seen, right = look(view, patient), expected(logs[patient])
            twice += len(seen) - len({entry_id for entry_id, _ in seen})
            lost += len(right - set(seen))
            wrong += len(set(seen) - right)
    published = {e.entry_id for e in load.events if isinstance(e, ClinicalEntry)}
    with connect(known.ledger_dsn, "ledger_reader", autocommit=True) as ledger:
        decided = {e for (e,) in ledger.execute("select distinct entry_id from current_decision")}
        unaccounted = read_account(ledger).unaccounted
    return {
        "undecided": len(published - decided),
        "lost": lost,
        "twice": twice,
        "wrong": wrong,
        "leaked": sum(_leaked(logs[o.patient], o, known) for o in observations),
        "order_breaks": _order_breaks(observations),
        "unaccounted": unaccounted,
    }


def _leaked(log: Log, observation: Observation, known: Settings) -> int:
    key = observation.patient.digits.encode()
    partition = (murmur2(key) & 0x7FFFFFFF) % known.partitions
    return len(leaks(log, observation.gate.get(partition, 0), observation.seen))


def _order_breaks(observations: list[Observation]) -> int:
    """Count how often a patient saw an older version of an entry after a newer one."""
    newest: dict[tuple[NhsNumber, str], int] = {}
    breaks = 0
    for observation in observations:
        for entry_id, version in observation.seen:
            key = (observation.patient, entry_id)
            breaks += version < newest.get(key, version)
            newest[key] = max(version, newest.get(key, version))
    return breaks
