"""Controls that are not hides: registration, level of access, and the list of all entries of a record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from recordgate_producers.fhir.dates import local_day, milliseconds
from recordgate_producers.fhir.extract import Extract
from recordgate_producers.fhir.hides import control_id
from recordgate_schemas import codec
from recordgate_schemas.control import (
    AccessLevelSet,
    Change,
    Control,
    Historic,
    Level,
    RecordSnapshot,
    Registered,
)
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import CONTROLS


@dataclass(frozen=True, slots=True)
class PublishedRegistration:
    """How to register the patient of a record. Registration is never inferred from clinical entries.

    `historic_since`: also show what was recorded from that day on; needs `record_checked`: the practice states
    that somebody went through the record first.
    """

    registered_on: date | None = None
    level: Level = Level.FULL
    historic_since: date | None = None
    record_checked: bool = False
    practice_grant_from: date | None = None


def registration_controls(extract: Extract, wanted: PublishedRegistration) -> tuple[Control, ...]:
    """Return the controls that register the record's patient; raise PoisonError naming what speaks against it."""
    patient = extract.patient
    if closed := tuple(_closed(extract)):
        raise PoisonError(
            f"not registered: {'; '.join(closed)}; publish it without --register, or mend it at the source"
        )
    registered_on = wanted.registered_on or patient.registered_on
    if registered_on is None:
        raise PoisonError("no registration date in the record; give --registered-on")
    if patient.birth_date is None:
        raise PoisonError(
            "no date of birth in the record; the Patient must carry a whole birthDate"
        )
    since = wanted.historic_since
    historic = Historic(wanted.level, since, wanted.record_checked) if since else None
    registered = Registered(
        patient.practice,
        registered_on,
        patient.birth_date,
        patient.registration,
        patient.verification,
    )
    level = AccessLevelSet(
        patient.practice, wanted.level, None, historic, wanted.practice_grant_from
    )
    return _control(extract, registered), _control(extract, level)


def _closed(extract: Extract) -> Iterator[str]:
    """Yield every reason for which the record's patient must not be registered."""
    yield from extract.patient.closed
    until, as_of = extract.patient.registered_until, extract.as_of
    if until is not None and as_of is not None and until <= local_day(as_of):
        yield "the registration has ended"


def snapshot_control(extract: Extract) -> Control:
    """Return the control that lists all entries of the record; entries not listed are gone at source."""
    ids = tuple(sorted(entry.entry_id for entry in extract.entries))
    control = _control(extract, RecordSnapshot(extract.patient.practice, extract.system, ids))
    codec.encode(
        CONTROLS, control
    )  # too long a list is refused before anything of the record is sent
    return control


def _control(extract: Extract, change: Change) -> Control:
    if extract.as_of is None:
        raise PoisonError("no extraction time in the record; give --as-of")
    about = (extract.patient.practice, extract.system, extract.patient.key)
    return Control(
        control_id=control_id(*about, milliseconds(extract.as_of), type(change).__name__, change),
        nhs_number=extract.patient.nhs_number,
        effective_at=extract.as_of,
        source=f"publisher:{extract.patient.practice}:{extract.system}",
        change=change,
    )
