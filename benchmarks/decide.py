"""The cost of one decision, for an ordinary entry and one audience."""

from collections.abc import Iterator
from datetime import date

from benchmarks.repeat import median_us
from recordgate_producers.simulator import PRACTICE, START, SimulatedPatient, simulate
from recordgate_runtime.clock import SystemClock
from recordgate_schemas.control import Control, Level, ProxyGranted
from recordgate_schemas.values import SELF, Audience, GrantId, proxy
from recordgate_streams import ruleset
from recordgate_streams.policy.decide import decide
from recordgate_streams.policy.decision import Case, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.fold import fold
from recordgate_streams.policy.marks import Marks

ROUNDS = 15
_GRANT = ProxyGranted(GrantId("g1"), PRACTICE, Level.FULL, date(2024, 1, 1), None, None, None)


def measure(*, short: bool) -> dict[str, object]:
    """Return CPU microseconds per decision."""
    patients = list(simulate(patients=50, entries_per_patient=20, seed=5))
    rounds = 5 if short else ROUNDS
    rules = ruleset.current()
    return {
        "what": "decide(), one entry and one audience",
        "how": f"CPU time, median of {rounds} rounds over {len(patients) * 20} ordinary entries, all released",
        "numbers": {
            f"{name}_us": median_us(
                lambda case: decide(case, rules.hash), list(_cases(patients, audience)), rounds
            )
            for name, audience in (("self", SELF), ("proxy", proxy(GrantId("g1"))))
        },
    }


def _cases(patients: list[SimulatedPatient], audience: Audience) -> Iterator[Case]:
    rules, now = ruleset.current(), SystemClock().now()
    for patient in patients:
        facts = _facts(patient)
        for entry in patient.entries:
            yield Case(entry, facts, Marks(), Integrity(), audience, rules.settings, now)


def _facts(patient: SimulatedPatient) -> Facts:
    granted = Control("grant", patient.nhs_number, START, "benchmark", _GRANT)
    facts = Facts()
    for control in (*patient.controls, granted):
        facts = fold(facts, control, control.effective_at)
    return facts
