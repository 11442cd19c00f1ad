"""When an entry happened, was recorded and became available: which fields state it, per type.

The right to see an entry hangs on when it was *recorded*. A consultation's own period is its clinical time; the date of
its consultation list is when it was entered, so that comes first. The time of a message, of a change
(`meta.lastUpdated`) or of a Provenance says only by when it was recorded: a copy or a migration may come years after.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from recordgate_producers.fhir.dates import day, instant, local_day
from recordgate_producers.fhir.tree import Json, nodes, texts

RECORDED = {
    "AllergyIntolerance": ("assertedDate", "recordedDate"),
    "Appointment": ("created",),
    "CarePlan": ("created",),
    "Communication": ("sent",),
    "Condition": ("assertedDate", "recordedDate"),
    "DiagnosticReport": ("issued",),
    "DocumentReference": ("indexed", "date"),
    "Encounter": ("period.start",),
    "Immunization": ("extension:DateRecorded", "recorded", "date", "occurrenceDateTime"),
    "List": ("date",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("dateAsserted",),
    "Observation": ("issued",),
    "ProcedureRequest": ("authoredOn",),
    "QuestionnaireResponse": ("authored",),
    "ReferralRequest": ("authoredOn",),
    "ServiceRequest": ("authoredOn",),
    "Task": ("authoredOn",),
}
"""First readable one wins."""

OCCURRED = {
    "AllergyIntolerance": ("onsetDateTime", "onsetPeriod.start"),
    "Appointment": ("start",),
    "CarePlan": ("period.start",),
    "Condition": ("onsetDateTime", "onsetPeriod.start"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod.start"),
    "DocumentReference": ("created", "context.period.start"),
    "Encounter": ("period.start",),
    "Immunization": ("date", "occurrenceDateTime"),
    "MedicationRequest": ("dispenseRequest.validityPeriod.start",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod.start"),
    "Observation": ("effectiveDateTime", "effectivePeriod.start", "effectiveInstant"),
    "Procedure": ("performedDateTime", "performedPeriod.start"),
    "ProcedureRequest": ("occurrenceDateTime", "occurrencePeriod.start"),
    "ReferralRequest": ("occurrenceDateTime", "occurrencePeriod.start"),
    "ServiceRequest": ("occurrenceDateTime", "occurrencePeriod.start"),
}
"""Fields of the clinical date; where none is given it is the day of recording."""

AVAILABLE = {"DiagnosticReport": ("issued",), "DocumentReference": ("indexed",)}


class Times(NamedTuple):
    """An entry's dates, and the fields that hold something else than a date."""

    event: date | None
    recorded: datetime | None
    available: datetime | None
    unreadable: tuple[str, ...]


def times(resource: Json) -> Times:
    """Return what a resource itself states about time."""
    kind = str(resource["resourceType"])
    recorded = _first(resource, RECORDED.get(kind, ()))
    stated = [found for field in OCCURRED.get(kind, ()) for found in _values(resource, field)]
    event = next((found for value in stated if (found := _day_of_event(value))), None)
    if not stated and recorded:
        event = local_day(recorded)
    return Times(
        event, recorded, _first(resource, AVAILABLE.get(kind, ())), _unreadable(resource, kind)
    )


def of_what_happened(resource: Json, when: Times) -> Times:
    """Return the times without a clinical date that may lie ahead of a recording that is not known.

    SAFETY: the rules take an undated entry to have been recorded after its event. What had been written down before
    its date, as `meta.lastUpdated` shows, had not happened yet.
    """
    if when.recorded is not None or when.event is None:
        return when
    written = (instant(value) for value in texts(resource, "meta", "lastUpdated"))
    ahead = any(at is not None and local_day(at) < when.event for at in written)
    return when._replace(event=None) if ahead else when


def _day_of_event(value: str) -> date | None:
    """Return the day as written, or the one in London if that is earlier: whichever opens less."""
    written, moment = day(value), instant(value)
    return min(written, local_day(moment)) if written and moment else written


def _first(resource: Json, fields: tuple[str, ...]) -> datetime | None:
    stated = (value for field in fields for value in _values(resource, field))
    return next((moment for value in stated if (moment := instant(value))), None)


def _unreadable(resource: Json, kind: str) -> tuple[str, ...]:
    fields = dict.fromkeys((*RECORDED.get(kind, ()), *OCCURRED.get(kind, ())))
    return tuple(
        field for field in fields for value in _values(resource, field) if day(value) is None
    )


def _values(resource: Json, field: str) -> Iterator[str]:
    name, _, extension = field.partition(":")
    if not extension:
        return texts(resource, *field.split("."))
    parts = [part for part in nodes(resource, name) if extension in str(part.get("url"))]
    return texts(parts, "valueDateTime")
