"""One resource of a record, as the ClinicalEntry to publish."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from recordgate_producers.fhir.body import BODY_TYPE, Body, write_body
from recordgate_producers.fhir.bundle import Resource
from recordgate_producers.fhir.dates import milliseconds
from recordgate_producers.fhir.doubts import body_doubts
from recordgate_producers.fhir.elements import elements
from recordgate_producers.fhir.labels import UNREADABLE
from recordgate_producers.fhir.laboratory import members
from recordgate_producers.fhir.patient import is_transfer
from recordgate_producers.fhir.persons import Whose, names_somebody_else, subject_of
from recordgate_producers.fhir.record import FhirRecord
from recordgate_producers.fhir.screening import codes_of, is_modified, unknown_elements
from recordgate_producers.fhir.times import Times, of_what_happened, times
from recordgate_producers.fhir.tree import Code, codes, nodes, text, texts
from recordgate_producers.fhir.types import ACCESS_CODES, KINDS, PLANS, STAFF
from recordgate_schemas.entry import (
    ClinicalEntry,
    Coding,
    Kind,
    Link,
    Marker,
    Origin,
    Readiness,
    Relation,
    ThirdParty,
    Visibility,
)
from recordgate_schemas.errors import PoisonError

ABNORMAL = frozenset({"A", "AA", "H", "HH", "HU", "L", "LL", "LU", "PA"})
"""Interpretation codes (HL7 v2-0078, and the GP Connect one for potentially abnormal)."""

UNSURE = frozenset({Readiness.DRAFT, Readiness.UNFILED})
"""What a source makes of an entry whose status it does not know. It never learns it of most, so this is reported."""


@dataclass(frozen=True, slots=True)
class BuiltEntry:
    """An entry, its body, and what to report to the publisher about it."""

    entry: ClinicalEntry
    body: Body
    notices: tuple[str, ...]


def build(
    record: FhirRecord, resource: Resource, states: Mapping[str, Readiness], as_of: datetime
) -> BuiltEntry:
    """Return the resource as an entry; raise PoisonError naming the rule it breaks."""
    entry_id = record.entry_id(resource.key)
    if entry_id is None:
        raise PoisonError(
            "no usable id: it could never be amended or hidden; give it one at the source"
        )
    body = write_body(record.bundle, resource, record.patient)
    inside = [record.bundle.by_key[key] for key in sorted(body.contained)]
    sources = [resource, *(one for one in inside if one.type not in STAFF)]
    staff = [one for one in inside if one.type in STAFF]
    doubts = [*body_doubts(record.bundle, sources, body)]
    when = _times(record, resource)
    found = _codes(sources)
    transferred = _is_transferred(record, resource)
    entry = ClinicalEntry(
        entry_id=entry_id,
        version=milliseconds(as_of),
        nhs_number=record.patient.nhs_number,
        practice=record.patient.practice,
        system=record.system,
        kind=entry_kind(record, resource, found),
        readiness=states[resource.key],
        event_date=when.event,
        recorded_at=when.recorded,
        available_at=when.available,
        extracted_at=as_of,
        origin=Origin.TRANSFER if transferred else Origin.LOCAL,
        hide_tags_trusted=not transferred,
        labels=tuple(sorted(record.labels[resource.key], key=_coding)),
        codes=tuple(Coding(code.system, code.code) for code in found),
        markers=_markers(resource, doubts),
        # FHIR has no field for these three; the first two are set by systems that publish events themselves.
        online_visibility=Visibility.UNSET,
        staff_private=False,
        third_party=_third_party(record, [*sources, *staff]),
        not_for_grants=(),
        links=_links(record, resource.key),
        elements=elements(body.document, record.entry_id),
        body=body.data,
        body_type=BODY_TYPE,
        body_sha256=hashlib.sha256(body.data).digest(),
    )
    return BuiltEntry(entry, body, tuple(_notices(resource, when, doubts, entry)))


def entry_kind(record: FhirRecord, resource: Resource, found: tuple[Code, ...]) -> Kind:
    """Return the entry's kind: access codes first, then by its type and its place in the record."""
    if any(code.code in ACCESS_CODES for code in found):
        return Kind.ACCESS_CODE
    if resource.type == "Observation":
        return _observation(record, resource)
    if resource.type in PLANS and (text(resource.json, "intent") or "").strip().lower() == "plan":
        return Kind.DIARY
    return KINDS.get(resource.type, Kind.UNKNOWN)


def _observation(record: FhirRecord, resource: Resource) -> Kind:
    grouped = bool(members(record.bundle, resource.json))
    if resource.key in record.laboratory:
        return Kind.TEST_GROUP if grouped else Kind.TEST_RESULT
    parts = grouped or any(nodes(resource.json, "component"))
    return Kind.BATTERY if parts else Kind.OBSERVATION


def _times(record: FhirRecord, resource: Resource) -> Times:
    when = times(resource.json)
    if resource.type == "Encounter":
        lists = record.relations.members(resource.key, Relation.PART_OF)
        found = (record.bundle.by_key.get(key) for key in lists if key.startswith("List/"))
        entered = [moment for one in found if one and (moment := times(one.json).recorded)]
        return when._replace(recorded=min(entered, default=when.recorded))
    for parent in record.relations.parents(resource.key, Relation.RESULT_OF):
        report = record.bundle.by_key.get(parent)
        if report is not None and report.type == "DiagnosticReport":
            when = when._replace(available=times(report.json).available)
    if when.recorded is None:
        when = when._replace(recorded=_consultation_time(record, resource))
    return of_what_happened(resource.json, when)


def _consultation_time(record: FhirRecord, resource: Resource) -> datetime | None:
    """Return when the consultation was recorded that an entry without a date of its own belongs to."""
    for parent in record.relations.parents(resource.key, Relation.PART_OF):
        encounter = record.bundle.by_key.get(parent)
        if encounter is not None and encounter.type == "Encounter":
            return _times(record, encounter).recorded
    return None


def _codes(sources: Iterable[Resource]) -> tuple[Code, ...]:
    return tuple(sorted(code for one in sources for code in codes_of(one.nodes)))


def _markers(resource: Resource, doubts: Collection[str]) -> tuple[Marker, ...]:
    """Return whether a result is abnormal, and whether something in the entry cannot be shown as it was meant."""
    interpreted = (
        code.code
        for path in (("interpretation",), ("component", "interpretation"))
        for code in codes(resource.json, *path)
    )
    found = () if ABNORMAL.isdisjoint(interpreted) else (Marker.ABNORMAL,)
    return (*found, Marker.UNKNOWN) if doubts else found


def _third_party(record: FhirRecord, sources: Iterable[Resource]) -> ThirdParty:
    """Return whether somebody else is in the entry. SAFETY: one that is certainly about nobody may be about anybody."""
    resource = next(iter(sources))
    subject = subject_of(record.bundle, resource, record.patient)
    if any(names_somebody_else(record.bundle, one, record.patient) for one in sources):
        return ThirdParty.PRESENT
    return ThirdParty.NONE if subject is Whose.OWN else ThirdParty.UNKNOWN


def _is_transferred(record: FhirRecord, resource: Resource) -> bool:
    systems = [*texts(resource.json, "identifier", "system")]
    return is_transfer(systems) if systems else record.transferred


def _links(record: FhirRecord, key: str) -> tuple[Link, ...]:
    named = (
        (record.entry_id(target), relation)
        for target, relation in record.relations.stated.get(key, ())
    )
    links = (Link(target, relation) for target, relation in named if target)
    return tuple(sorted(links, key=lambda link: (link.entry_id, link.relation)))


def _notices(
    resource: Resource, when: Times, doubts: Iterable[str], entry: ClinicalEntry
) -> Iterator[str]:
    yield from (f"{field}: not a date; published without it" for field in when.unreadable)
    if UNREADABLE in entry.labels:
        yield "its label or its consultation cannot be read; published with an unknown label, which holds it"
    yield from doubts
    if is_modified(resource.nodes):
        yield "a modifier extension or implicit rules may turn its meaning round; held as not understood"
    for where in dict.fromkeys(unknown_elements(resource.nodes)):
        yield f"{where}: has an element that FHIR does not define; held as not understood"
    if entry.readiness in UNSURE and text(resource.json, "status") == "unknown":
        yield "its source does not know its status; not shown until it does"
    if entry.readiness is Readiness.UNREVIEWED and "docStatus" not in resource.json:
        yield "does not say whether it was reviewed; not shown until docStatus says so"
    if entry.third_party is ThirdParty.UNKNOWN:
        yield "not certainly about this patient; published as possibly about a third party, which holds it"
    if entry.third_party is ThirdParty.PRESENT:
        yield "names somebody who is neither this patient nor staff; held"


def _coding(label: Coding) -> tuple[str, str]:
    return label.system, label.code
