"""Sensitive codes: open to the patient unless safety is at stake, withheld from proxies (golden rows 62-69, 75)."""

from recordgate_streams.policy.decision import EntryContext, Objection, Objections
from recordgate_streams.policy.settings import OUTCOMES


def codes(context: EntryContext) -> Objections:
    """Ask what every code set that has one of the entry's codes asks of this audience; the system does not matter.

    The exclusion sets exist to keep information from others, not from the patient (domain reference, section 0.6).
    """
    listed = context.settings.codes
    for coding in context.entry.codes:
        for treatment in listed.get(coding.code, ()):
            outcome = OUTCOMES.get(treatment.of_self if context.is_self else treatment.of_proxies)
            if outcome is not None:
                because = {"code": coding.code, "set": treatment.source}
                yield Objection(treatment.reason, outcome, because, suppresses=True)
