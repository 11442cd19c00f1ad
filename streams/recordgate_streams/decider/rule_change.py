"""An entry that one ruleset released and another holds: somebody has to look at what was shown (golden row 99)."""

from dataclasses import replace

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Decision, Objection


def after_rule_change(decision: Decision, *, released_under: str | None) -> Decision:
    """Return the decision with RULE_CHANGE added when it holds what another ruleset released.

    `released_under`: hash of the ruleset under which the audience was last shown the entry, None if it never was.
    """
    if (
        released_under is None
        or released_under == decision.ruleset
        or decision.outcome is not Outcome.HELD
    ):
        return decision
    because = {"released_under": released_under}
    changed = Objection(Reason.RULE_CHANGE, Outcome.HELD, because)
    return replace(decision, objections=(*decision.objections, changed))
