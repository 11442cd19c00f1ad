"""What its source says must not be shown: NOPAT, do-not-display, in error, gone (rows 44, 54-58, 86-90)."""

from recordgate_schemas.control import HideCause
from recordgate_schemas.entry import Visibility
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections

NOPAT = "NOPAT"
CAUSES = {
    HideCause.NOPAT: Reason.SOURCE_NOPAT,
    HideCause.DO_NOT_DISPLAY: Reason.SOURCE_HIDE,
    HideCause.IN_ERROR: Reason.IN_ERROR,
    HideCause.WRONG_PATIENT: Reason.WRONG_PATIENT,
}


def hidden(case: Case) -> Objections:
    """Withhold what a label, a flag or a hide control names; NOPAT counts under any system."""
    if any(label.code == NOPAT for label in case.entry.labels):
        yield Objection(Reason.SOURCE_NOPAT, Outcome.WITHHELD, {"label": NOPAT})
    if case.entry.online_visibility is Visibility.HIDDEN:
        yield Objection(Reason.SOURCE_HIDE, Outcome.WITHHELD, {"online_visibility": "hidden"})
    for cause in case.marks.hidden_for():
        yield Objection(CAUSES[cause], Outcome.WITHHELD, {"hide": cause.value})
    if case.integrity.gone_at_source:
        yield Objection(Reason.GONE_AT_SOURCE, Outcome.WITHHELD, {"snapshot": "does not list it"})
