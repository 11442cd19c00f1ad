"""How many entries of a backlog become visible per second with each engine, and what each one costs: CPU and WAL.

Peers in the same run: before each round librdkafka passes messages through on the same broker.
"""

import itertools
import time
from collections.abc import Iterator

from benchmarks.clients import pass_through_limit
from benchmarks.cpu import cpu_seconds, us_each
from benchmarks.numbers import Numbers, medians, named, spread
from benchmarks.pipeline import ENGINES, ENTRIES_EACH, Pipeline, await_, pipeline
from recordgate_consumers.view.read import read_view
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_runtime.kafka_access import access
from recordgate_runtime.postgres import connect
from recordgate_schemas.values import SELF

ENTRIES = 20_000
ONE_EACH = 4_000
"""Entries in a round with one entry a patient: each of them has to be registered first."""

PASSED = 20_000
"""Least messages that librdkafka passes through: with few of them its start is measured."""

ROUNDS = 3


def measure(*, short: bool) -> dict[str, object]:
    """Return rate, share of the pass-through, CPU and WAL an entry, over rounds that each bring other patients."""
    many, one, rounds = (3_000, 300, 1) if short else (ENTRIES, ONE_EACH, ROUNDS)
    kinds = {"": (many, ENTRIES_EACH), "one_a_patient_": (one, 1)}
    patients = simulate(_patients_needed(kinds, rounds), ENTRIES_EACH, seed=1)
    found: dict[str, list[Numbers]] = {}
    with pipeline() as running:
        for engine in ENGINES:
            running.use(engine)
            for kind, (entries, each) in kinds.items():
                found[f"{engine}_{kind}"[:-1]] = [
                    _round(running, _next(patients, entries // each, each)) for _ in range(rounds)
                ]
    numbers, spreads = dict[str, float](), dict[str, tuple[float, float]]()
    for name, by_round in found.items():
        numbers |= named(name, medians(by_round))
        spreads |= {f"{name}_{number}": both for number, both in spread(by_round).items()}
    return {
        "what": "A backlog of entries, published to visible",
        "how": f"{many} entries wait in Kafka, 20 a patient, or {one} entries, 1 a patient; the entries lane"
        f" starts; from its being ready to the view holding the last one; median of {rounds}",
        "store": {"patients": 0, "entries": 0},
        "numbers": numbers,
        "spread": spreads,
        "rounds": found,
    }


def _patients_needed(kinds: dict[str, tuple[int, int]], rounds: int) -> int:
    a_round = sum(entries // each for entries, each in kinds.values())
    return a_round * rounds * len(ENGINES)


def _next(
    patients: Iterator[SimulatedPatient], count: int, entries_each: int
) -> list[SimulatedPatient]:
    """Return the next patients with their first entries."""
    return [
        SimulatedPatient(one.nhs_number, one.controls, one.entries[:entries_each])
        for one in itertools.islice(patients, count)
    ]


def _round(running: Pipeline, patients: list[SimulatedPatient]) -> Numbers:
    count = sum(len(patient.entries) for patient in patients)
    limit = pass_through_limit(access(running.settings.as_user("admin")), max(count, PASSED))
    drained = _drain(running, patients, count)
    share = round(drained["entries_per_s"] / limit, 4)
    return {**drained, "pass_through_per_s": limit, "share_of_pass_through": share}


def _drain(running: Pipeline, patients: list[SimulatedPatient], count: int) -> Numbers:
    running.register(patients)
    target = running.applied() + running.preload(patients)
    running.resume()
    pid = running.runner.pids()["decide-entries"]
    started, before, wal = time.perf_counter(), cpu_seconds(running.runner), running.wal_bytes()
    await_(lambda: running.applied() >= target, 0.02)
    seconds, after = time.perf_counter() - started, cpu_seconds(running.runner)
    written = running.wal_bytes() - wal
    if running.runner.pids()["decide-entries"] != pid:
        raise AssertionError("the entries lane was started again in between")
    _check_visible(running, patients)
    return {
        "entries_per_s": round(count / seconds),
        "seconds": round(seconds, 2),
        "wal_bytes_together": round(written / count),
        **us_each(before, after, count),
    }


def _check_visible(running: Pipeline, patients: list[SimulatedPatient]) -> None:
    """Read some patients' views as a reader does: a rate of anything else would be no answer."""
    with connect(running.settings.view_dsn, "view_reader", autocommit=True) as reader:
        for patient in patients[:: max(1, len(patients) // 20)]:
            seen = len(read_view(reader, patient.nhs_number, SELF))
            if seen != len(patient.entries):
                raise AssertionError(f"a patient sees {seen} of {len(patient.entries)} entries")
