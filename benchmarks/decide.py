"""The cost of a decision: decide_patient over simulated patients, a single entry and a record of twenty at a time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from benchmarks.repeat import median_us
from recordgate_producers.simulator import PRACTICE, START, SimulatedPatient, simulate
from recordgate_runtime.clock import SystemClock
from recordgate_schemas.control import Control, Level, ProxyGranted
from recordgate_schemas.values import EntryId, GrantId
from recordgate_streams import ruleset
from recordgate_streams.decider.decide import PatientDecision, decide_patient
from recordgate_streams.decider.fold import fold_facts
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, PatientRecord, Source
from recordgate_streams.policy.decision import Integrity
from recordgate_streams.policy.facts import Facts

ROUNDS = 15
EACH = 20
_GRANT = ProxyGranted(GrantId("g1"), PRACTICE, Level.FULL, date(2024, 1, 1), None, None, None)
NOW = SystemClock().now()
RULES = ruleset.current()


def measure(*, short: bool) -> dict[str, object]:
    """Return CPU microseconds per entry, for the patient alone and for the patient with one proxy."""
    patients = list(simulate(patients=50, entries_per_patient=EACH, seed=5))
    rounds = 5 if short else ROUNDS
    numbers = {}
    for name, grants in (("self", ()), ("self_and_proxy", (_GRANT,))):
        whole = [_record(patient, grants) for patient in patients]
        single = [replace(r, entries={e: one}) for r in whole for e, one in r.entries.items()]
        numbers[f"{name}_single_entry_us"] = median_us(_decide, single, rounds)
        numbers[f"{name}_in_a_record_us"] = round(median_us(_decide, whole, rounds) / EACH, 1)
    return {
        "what": "decide_patient, microseconds per entry",
        "how": (
            f"CPU time, median of {rounds} rounds over {len(patients) * EACH} ordinary entries, all released;"
            f" a single entry pays for its patient's context alone, in a record {EACH} entries share it"
        ),
        "numbers": numbers,
    }


def _decide(record: PatientRecord) -> PatientDecision:
    return decide_patient(record, RULES, NOW)


def _record(patient: SimulatedPatient, grants: tuple[ProxyGranted, ...]) -> PatientRecord:
    granted = [Control("grant", patient.nhs_number, START, "benchmark", one) for one in grants]
    facts = Facts()
    for position, control in enumerate((*patient.controls, *granted)):
        facts = fold_facts(facts, ControlEvent(control.effective_at, position, control))
    source = Source(0, 0, NOW)
    return PatientRecord(facts, dict(_accepted(patient, source)), statements={})


def _accepted(patient: SimulatedPatient, source: Source) -> Iterator[tuple[EntryId, AcceptedEntry]]:
    for entry in patient.entries:
        yield entry.entry_id, AcceptedEntry(replace(entry, body=b""), Integrity(), source)
