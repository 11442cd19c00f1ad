"""What an entry's codes say of the whole patient: a concern about a child, a 104 from another practice, a refusal."""

from recordgate_schemas.entry import ClinicalEntry, Readiness
from recordgate_streams.policy.facts import Said
from recordgate_streams.policy.settings import PolicySettings, Signal


def signals_of(
    entry: ClinicalEntry, settings: PolicySettings, *, conflict: bool = False
) -> tuple[Said, ...]:
    """Return the entry's signals, counting from its recording, or from its extraction if that is unknown or earlier.

    An entry in error says nothing, one in conflict lifts nothing. Golden rows 11, 19, 29, 81, 82.
    """
    if not entry.codes or entry.readiness is Readiness.IN_ERROR:
        return ()
    given = {signal for coding in entry.codes for signal in settings.signals.get(coding.code, ())}
    given -= {Signal.REVIEW_106} if conflict else set()
    at = min(entry.recorded_at or entry.extracted_at, entry.extracted_at)
    return tuple(Said(entry.entry_id, signal, at) for signal in sorted(given))
