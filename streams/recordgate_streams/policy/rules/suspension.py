"""A practice's suspension and the demographics S-flag close the record (golden rows 23, 33, 38)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections


def suspension(case: Case) -> Objections:
    """Not eligible while suspended or flagged sensitive; an account event never lifts it."""
    if case.facts.suspended.is_on:
        yield Objection(
            Reason.SUSPENDED, Outcome.NOT_ELIGIBLE, {"since": str(case.facts.suspended.on)}
        )
    if case.facts.s_flag.is_on:
        yield Objection(Reason.S_FLAG, Outcome.NOT_ELIGIBLE, {"since": str(case.facts.s_flag.on)})
