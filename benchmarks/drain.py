"""How many entries of a backlog become visible per second with the Faust engine, and the CPU each one costs."""

import itertools
import time

from benchmarks.clients import pass_through_limit
from benchmarks.cpu import cpu_seconds, us_each
from benchmarks.numbers import Numbers, medians
from benchmarks.pipeline import ENTRIES_EACH, Pipeline, await_, pipeline
from recordgate_consumers.view.read import read_view
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_runtime.kafka_access import access
from recordgate_runtime.postgres import connect
from recordgate_schemas.values import SELF

ENTRIES = 20_000
ROUNDS = 3


def measure(*, short: bool) -> dict[str, object]:
    """Return entries per second over rounds that each bring other patients to the same ledger."""
    entries, rounds = (3_000, 1) if short else (ENTRIES, ROUNDS)
    each_round = entries // ENTRIES_EACH
    invented = simulate(each_round * rounds, ENTRIES_EACH, seed=1)
    with pipeline() as running:
        limit = pass_through_limit(access(running.settings.as_user("admin")), entries)
        found = [
            _drain(running, list(itertools.islice(invented, each_round))) for _ in range(rounds)
        ]
    numbers = medians(found)
    numbers["fresh_ledger_entries_per_s"] = found[0]["entries_per_s"]
    numbers["pass_through_limit_per_s"] = limit
    numbers["share_of_limit"] = round(numbers["entries_per_s"] / limit, 3)
    return {
        "what": "A backlog of entries, published to visible",
        "how": f"{entries} entries wait in Kafka, the entries lane starts; from its being ready to the view"
        f" holding the last one; median of {rounds}",
        "numbers": numbers,
        "rounds": found,
    }


def _drain(running: Pipeline, patients: list[SimulatedPatient]) -> Numbers:
    running.register(patients)
    target = running.applied() + running.preload(patients)
    running.resume()
    pid = running.runner.pids()["decide-entries"]
    started, before = time.perf_counter(), cpu_seconds(running.runner)
    await_(lambda: running.applied() >= target, 0.02)
    seconds, after = time.perf_counter() - started, cpu_seconds(running.runner)
    if running.runner.pids()["decide-entries"] != pid:
        raise AssertionError("the entries lane was started again in between")
    count = sum(len(patient.entries) for patient in patients)
    _check_visible(running, patients)
    return {
        "entries_per_s": round(count / seconds),
        "seconds": round(seconds, 2),
        **us_each(before, after, count),
    }


def _check_visible(running: Pipeline, patients: list[SimulatedPatient]) -> None:
    """Read some patients' views as a reader does: a rate of anything else would be no answer."""
    with connect(running.settings.view_dsn, "view_reader", autocommit=True) as reader:
        for patient in patients[:: max(1, len(patients) // 20)]:
            seen = len(read_view(reader, patient.nhs_number, SELF))
            if seen != len(patient.entries):
                raise AssertionError(f"a patient sees {seen} of {len(patient.entries)} entries")
