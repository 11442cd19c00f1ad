"""Security labels other than NOPAT: what the ruleset says of each, or unknown and held (golden rows 59-60, 62)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections
from recordgate_streams.policy.rules.hidden import NOPAT
from recordgate_streams.policy.settings import OUTCOMES


def labels(context: EntryContext) -> Objections:
    """Ask what the label table asks of this audience; hold every label that is not in it."""
    for label in context.entry.labels:
        if label.code == NOPAT:
            continue
        listed = context.settings.labels.get(label.code)
        if listed is None:
            because = {"label": "on no list"}
            yield Objection(Reason.UNKNOWN_LABEL, Outcome.HELD, because, suppresses=True)
            continue
        outcome = OUTCOMES.get(listed.of_self if context.is_self else listed.of_proxies)
        if outcome is not None:
            yield Objection(listed.reason, outcome, {"label": label.code}, suppresses=True)
