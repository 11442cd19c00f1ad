"""Kinds that never reach a patient, and codes about access itself (golden rows 36, 51, 52)."""

from recordgate_schemas.entry import Kind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections
from recordgate_streams.policy.settings import OUTCOMES

SHOWN = frozenset(Kind) - {Kind.DIARY, Kind.ADMIN_TASK, Kind.ACCESS_CODE, Kind.UNKNOWN}
"""Kinds that are part of the view. Any other is held."""


def kinds(context: EntryContext) -> Objections:
    """Diary entries and staff tasks are no part of the view; access codes and unknown kinds are held."""
    match context.entry.kind:
        case Kind.DIARY:
            yield Objection(Reason.RESOURCE_EXCLUDED, Outcome.NOT_ELIGIBLE, {"kind": "diary"})
        case Kind.ADMIN_TASK:
            yield Objection(Reason.ADMIN, Outcome.NOT_ELIGIBLE, {"kind": "admin_task"})
        case Kind.ACCESS_CODE:
            outcome = OUTCOMES.get(context.settings.switches.access_code_entries)
            if outcome is not None:
                yield Objection(Reason.ACCESS_CODE, outcome, {"kind": "access_code"})
        case kind if kind not in SHOWN:
            yield Objection(Reason.UNKNOWN_KIND, Outcome.HELD, {"kind": "unknown"})
