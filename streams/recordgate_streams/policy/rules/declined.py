"""A patient who declined sees nothing, and is not asked to (golden rows 29-31, 41)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections


def declined(case: Case) -> Objections:
    """Not eligible while the latest wish is to decline; the wish concerns the patient's own access."""
    if case.is_self and case.facts.declined.is_on:
        yield Objection(
            Reason.DECLINED, Outcome.NOT_ELIGIBLE, {"since": str(case.facts.declined.on)}
        )
