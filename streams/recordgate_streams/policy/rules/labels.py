"""Security labels other than NOPAT: listed as open, listed as held, or unknown and held (golden rows 59-60)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections
from recordgate_streams.policy.rules.hidden import NOPAT


def labels(case: Case) -> Objections:
    """Hold every label that no list of the ruleset opens; withhold from proxies what is for the patient alone."""
    for label in case.entry.labels:
        if not case.is_self and label.code in case.settings.labels_not_for_proxies:
            yield Objection(Reason.CONF, Outcome.WITHHELD, {"label": label.code})
        elif label.code in case.settings.labels_held:
            yield Objection(Reason.CONF, Outcome.HELD, {"label": label.code})
        elif label.code != NOPAT and label.code not in case.settings.labels_open:
            yield Objection(Reason.UNKNOWN_LABEL, Outcome.HELD, {"label": "on no list"})
