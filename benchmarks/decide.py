"""The cost of one decision, for an ordinary entry and one audience."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from benchmarks.repeat import median_us
from recordgate_producers.simulator import PRACTICE, START, SimulatedPatient, simulate
from recordgate_runtime.clock import SystemClock
from recordgate_schemas.control import Control, Level, ProxyGranted
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.values import SELF, Audience, GrantId, proxy
from recordgate_streams import ruleset
from recordgate_streams.decider.decide import conclude, decide, object_to, standing_objections
from recordgate_streams.decider.fold import fold
from recordgate_streams.policy.audience import stand
from recordgate_streams.policy.decision import Case, Decision, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import Marks

ROUNDS = 15
EACH = 20
_GRANT = ProxyGranted(GrantId("g1"), PRACTICE, Level.FULL, date(2024, 1, 1), None, None, None)
RULES = ruleset.current()

Alone = tuple[ClinicalEntry, Facts, Audience, datetime]


def measure(*, short: bool) -> dict[str, object]:
    """Return CPU microseconds per decision."""
    patients = list(simulate(patients=50, entries_per_patient=EACH, seed=5))
    rounds = 5 if short else ROUNDS
    numbers = {}
    for name, audience in (("self", SELF), ("proxy", proxy("g1"))):
        alone = list(ordinary_entries(patients, audience))
        numbers[f"{name}_us"] = median_us(decide_alone, alone, rounds)
        whole = [alone[n : n + EACH] for n in range(0, len(alone), EACH)]
        together = median_us(_decide_together, whole, rounds)
        numbers[f"{name}_in_a_batch_us"] = round(together / EACH, 1)
    return {
        "what": "decide(), one entry and one audience",
        "how": (
            f"CPU time, median of {rounds} rounds over {len(patients) * EACH} ordinary entries, all released: alone,"
            f" where the patient stands is worked out for each; in a batch, once for {EACH} entries, as the lanes do"
        ),
        "numbers": numbers,
    }


def decide_alone(asked: Alone) -> Decision:
    """Decide one entry as if nothing were known of its patient's standing."""
    entry, facts, audience, now = asked
    standing = stand(facts, audience, RULES.settings, now)
    return decide(Case(entry, standing, Marks(), Integrity()), RULES.hash)


def _decide_together(asked: list[Alone]) -> list[Decision]:
    _, facts, audience, now = asked[0]
    standing = stand(facts, audience, RULES.settings, now)
    against_all = standing_objections(standing)
    cases = (Case(entry, standing, Marks(), Integrity()) for entry, *_ in asked)
    return [conclude(case, object_to(case, against_all), RULES.hash) for case in cases]


def ordinary_entries(patients: list[SimulatedPatient], audience: Audience) -> Iterator[Alone]:
    """Yield simulated entries, without bodies, as an audience's questions."""
    now = SystemClock().now()
    for patient in patients:
        facts = _facts(patient)
        for entry in patient.entries:
            yield replace(entry, body=b""), facts, audience, now


def _facts(patient: SimulatedPatient) -> Facts:
    granted = Control("grant", patient.nhs_number, START, "benchmark", _GRANT)
    facts = Facts()
    for control in (*patient.controls, granted):
        facts = fold(facts, control, control.effective_at)
    return facts
