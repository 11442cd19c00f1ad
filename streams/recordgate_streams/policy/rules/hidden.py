"""What its source says must not be shown: NOPAT, do-not-display, in error, gone (rows 44, 54-58, 86-90)."""

from recordgate_schemas.control import HideCause
from recordgate_schemas.entry import Visibility
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections
from recordgate_streams.policy.statements import source_version

NOPAT = "NOPAT"
CAUSES = {
    HideCause.NOPAT: Reason.SOURCE_NOPAT,
    HideCause.DO_NOT_DISPLAY: Reason.SOURCE_HIDE,
    HideCause.IN_ERROR: Reason.IN_ERROR,
    HideCause.WRONG_PATIENT: Reason.WRONG_PATIENT,
}
SUPPRESSING = frozenset({HideCause.NOPAT, HideCause.DO_NOT_DISPLAY, HideCause.WRONG_PATIENT})
"""What relatives must not reveal either. An error may be known to have been one."""


def hidden(context: EntryContext) -> Objections:
    """Withhold what a label, a flag or a hide control names; NOPAT counts under any system."""
    if stated := _stated_causes(context):
        for cause, reason in CAUSES.items():
            if cause in stated:
                suppresses = cause in SUPPRESSING
                yield Objection(
                    reason, Outcome.WITHHELD, {"by": stated[cause]}, suppresses=suppresses
                )
    if context.integrity.gone_at_source:
        yield Objection(Reason.GONE_AT_SOURCE, Outcome.WITHHELD, {"snapshot": "does not list it"})


def _stated_causes(context: EntryContext) -> dict[HideCause, str]:
    """Where each cause of hiding was found."""
    stated: dict[HideCause, str] = {}
    if context.statements.all_hides:
        arrived = source_version(context.entry)
        stated |= dict.fromkeys(context.statements.hidden_for(arrived), "a hide control")
    if context.entry.online_visibility is Visibility.HIDDEN:
        stated[HideCause.DO_NOT_DISPLAY] = "its online visibility"
    if context.entry.labels and any(label.code == NOPAT for label in context.entry.labels):
        stated[HideCause.NOPAT] = "a label"
    return stated
