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
CONCEALING = frozenset({HideCause.NOPAT, HideCause.DO_NOT_DISPLAY, HideCause.WRONG_PATIENT})
"""What relatives must not reveal either. An error may be known to have been one."""


def hidden(case: Case) -> Objections:
    """Withhold what a label, a flag or a hide control names; NOPAT counts under any system."""
    if said := _said(case):
        for cause, reason in CAUSES.items():
            if cause in said:
                conceals = cause in CONCEALING
                yield Objection(reason, Outcome.WITHHELD, {"by": said[cause]}, conceals=conceals)
    if case.integrity.gone_at_source:
        yield Objection(Reason.GONE_AT_SOURCE, Outcome.WITHHELD, {"snapshot": "does not list it"})


def _said(case: Case) -> dict[HideCause, str]:
    """Where each cause of hiding was found."""
    said = dict.fromkeys(case.marks.hidden_for(), "a hide control") if case.marks.hides else {}
    if case.entry.online_visibility is Visibility.HIDDEN:
        said[HideCause.DO_NOT_DISPLAY] = "its online visibility"
    if case.entry.labels and any(label.code == NOPAT for label in case.entry.labels):
        said[HideCause.NOPAT] = "a label"
    return said
