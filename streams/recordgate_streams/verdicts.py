"""Decides stored entries for every audience a patient has: the patient, and each proxy grant ever given."""

from collections.abc import Iterator
from datetime import datetime

from recordgate_schemas.values import SELF, Audience, proxy
from recordgate_streams.ledger.rows import Patient, Subject
from recordgate_streams.outcome import Verdict
from recordgate_streams.policy.decide import decide
from recordgate_streams.policy.decision import Case, Integrity
from recordgate_streams.ruleset import Ruleset


def verdicts(
    subject: Subject,
    patient: Patient,
    ruleset: Ruleset,
    now: datetime,
    caused_at: datetime,
    *,
    forced: bool = False,
) -> Iterator[Verdict]:
    """Yield the verdict for each audience, in a fixed order."""
    stored = subject.stored
    integrity = Integrity(stored.conflict, stored.body_mismatch, stored.gone_at_source)
    for audience in audiences(patient):
        case = Case(
            stored.entry, patient.facts, subject.marks, integrity, audience, ruleset.settings, now
        )
        yield Verdict(
            stored,
            decide(case, ruleset.hash),
            patient.control_position,
            now,
            caused_at,
            subject.current.get(audience),
            forced,
        )


def audiences(patient: Patient) -> tuple[Audience, ...]:
    """Return `self` and every grant ever given: an ended one still has to be told."""
    return (SELF, *(proxy(grant.grant_id) for grant in patient.facts.proxies))
