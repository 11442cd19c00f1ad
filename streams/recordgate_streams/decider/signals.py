"""What an entry's codes state about the whole patient: a concern about a child, a 104 code, a refusal."""

from recordgate_schemas.entry import ClinicalEntry, Readiness
from recordgate_streams.policy.facts import PatientSignal
from recordgate_streams.policy.settings import PolicySettings, Signal


def signals_of(
    entry: ClinicalEntry, settings: PolicySettings, *, conflict: bool = False
) -> tuple[PatientSignal, ...]:
    """Return the entry's signals, counting from its recording, or from its extraction if that is unknown or earlier.

    An entry in error states nothing, one in conflict lifts nothing. Golden rows 11, 19, 29, 81, 82.
    """
    if not entry.codes or entry.readiness is Readiness.IN_ERROR:
        return ()
    given = {signal for coding in entry.codes for signal in settings.signals.get(coding.code, ())}
    given -= {Signal.REVIEW_106} if conflict else set()
    at = min(entry.recorded_at or entry.extracted_at, entry.extracted_at)
    return tuple(PatientSignal(entry.entry_id, signal, at) for signal in sorted(given))
