"""A FHIR Bundle in, what to publish out: entries, hides, and an account of every resource. Pure: no Kafka, no clock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recordgate_producers.fhir.bundle import DELETED, STORED, Bundle, Resource, open_bundle
from recordgate_producers.fhir.entries import BuiltEntry, build
from recordgate_producers.fhir.hides import hides
from recordgate_producers.fhir.laboratory import laboratory
from recordgate_producers.fhir.patient import (
    FhirPatient,
    Given,
    detect_system,
    find_patient,
    is_transfer,
    read_patient,
)
from recordgate_producers.fhir.persons import foreign
from recordgate_producers.fhir.readiness import list_warning_notices
from recordgate_producers.fhir.record import (
    FhirRecord,
    extracted_at,
    inherit_labels,
    own_labels,
    readiness_by_key,
    with_attachments,
)
from recordgate_producers.fhir.relations import relate
from recordgate_producers.fhir.report import Notice, ResourceOutcome, ResourceReport
from recordgate_producers.fhir.tree import texts
from recordgate_producers.fhir.types import CONTENT, PARTS, SECTION_LIST, SKIPPED
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry, Kind, Readiness
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import ENTRIES

FOREIGN = "names another patient, or belongs to what does; publish it in that patient's record"
PARTIAL = (
    "the Bundle asks to change it, or for it, and hands over no whole resource; publish it whole"
)

UNUSED = {CONTENT: "no attachment has its address here, or it is too large to be published in one"}
"""Why a part of entries is in none, where that is not only that none refers to it."""

HEADROOM_BYTES = 16 * 1024
"""Room that Kafka needs around a value: key, record and batch framing."""

_PLACES = {Kind.CONSULTATION: 0, Kind.BATTERY: 2, Kind.TEST_GROUP: 2, Kind.REPORT: 3}


@dataclass(frozen=True, slots=True)
class Extract:
    """One patient's record, ready to publish: hides first, then entries. `resources`: what became of every resource."""

    patient: FhirPatient
    system: str
    as_of: datetime | None
    hides: tuple[Control, ...]
    entries: tuple[ClinicalEntry, ...]
    resources: tuple[ResourceReport, ...]
    notices: tuple[Notice, ...]


def extract(document: Any, given: Given = Given()) -> Extract:  # noqa: B008  Given is frozen
    """Return what a Bundle holds; raise PoisonError, in one sentence, if it is no record of one patient."""
    try:
        return _extract(open_bundle(document), given)
    except RecursionError:
        raise PoisonError("nested too deeply to be a record; export it again") from None


def _extract(bundle: Bundle, given: Given) -> Extract:
    patient = read_patient(bundle, given)
    reports = _Reports(bundle, foreign(bundle, patient))
    entries = [one for one in bundle.resources if reports.is_candidate(one)]
    as_of = given.as_of or extracted_at(bundle, entries)
    if entries and as_of is None:
        raise PoisonError("no extraction time: the record carries no date at all; give --as-of")
    record = _record(bundle, patient, given.system or detect_system(entries))
    built, hidden = [], []
    if as_of is not None:
        readiness = readiness_by_key(bundle, record.relations, record.laboratory)
        built = reports.build(record, entries, readiness, as_of)
        in_error = [one.key for one in entries if readiness[one.key] is Readiness.IN_ERROR]
        hidden = hides(record, {one.key for one in entries}, in_error, as_of)
    reports.report_contained({key for one in built for key in one.body.contained})
    return Extract(
        patient=patient,
        system=record.system,
        as_of=as_of,
        hides=tuple(hidden),
        entries=tuple(sorted((one.entry for one in built), key=_place)),
        resources=reports.all(),
        notices=(*reports.notices, *list_warning_notices(bundle)),
    )


def _place(entry: ClinicalEntry) -> int:
    """Return where an entry goes: a consultation before its members, a report after its results.

    So whoever decides entries as they come knows of a draft or an unfiled result before what depends on it.
    """
    return _PLACES.get(entry.kind, 1)


def _record(bundle: Bundle, patient: FhirPatient, system: str) -> FhirRecord:
    results = laboratory(bundle)
    relations = with_attachments(bundle, relate(bundle, results))
    own = own_labels(bundle, find_patient(bundle))
    return FhirRecord(
        bundle=bundle,
        patient=patient,
        system=system,
        transferred=is_transfer(
            name for one in bundle.resources for name in texts(one.json, "identifier", "system")
        ),
        laboratory=results,
        relations=relations,
        own_labels=own,
        labels=inherit_labels(own, relations.flows),
    )


class _Reports:
    """Notes what becomes of each resource, exactly once."""

    def __init__(self, bundle: Bundle, foreign: Collection[str]) -> None:
        self._bundle = bundle
        self._foreign = foreign
        self._reports: list[ResourceReport] = [
            ResourceReport(
                index,
                "(none)",
                ResourceOutcome.REFUSED,
                "no resource with a type; export the record again",
            )
            for index in bundle.untyped
        ]
        self._reports += [_duplicate(bundle, one) for one in bundle.duplicates]
        self.notices: list[Notice] = []

    def is_candidate(self, resource: Resource) -> bool:
        """Whether the resource may become an entry; notes why if not."""
        if resource.type in PARTS:
            return False
        if resource.type in SKIPPED:
            self._report(resource, ResourceOutcome.SKIPPED, SKIPPED[resource.type])
        elif resource.type == "List" and not resource.id:
            self._report(resource, ResourceOutcome.SKIPPED, SECTION_LIST)
        elif resource.method not in (*STORED, DELETED):
            self._report(resource, ResourceOutcome.REFUSED, PARTIAL)
        elif resource.key in self._foreign:
            self._report(resource, ResourceOutcome.REFUSED, FOREIGN)
        else:
            return True
        return False

    def build(
        self,
        record: FhirRecord,
        entries: Collection[Resource],
        readiness: dict[str, Readiness],
        as_of: datetime,
    ) -> list[BuiltEntry]:
        """Return the entries that can be published, and note what became of each."""
        done = []
        for resource in entries:
            try:
                built = build(record, resource, readiness, as_of)
                _fits(built.entry)
            except PoisonError as error:
                self._report(resource, ResourceOutcome.REFUSED, str(error))
                continue
            self._report(resource, ResourceOutcome.PUBLISHED, "")
            self.notices += [Notice(resource.index, resource.type, text) for text in built.notices]
            done.append(built)
        return done

    def report_contained(self, used: Collection[str]) -> None:
        """Note the resources that entries hold inside them, and those that none does."""
        for resource in self._bundle.resources:
            if resource.type in PARTS:
                if resource.key in used:
                    self._report(resource, ResourceOutcome.CONTAINED, "")
                else:
                    self._report(
                        resource,
                        ResourceOutcome.SKIPPED,
                        UNUSED.get(resource.type, "no entry refers to it"),
                    )

    def all(self) -> tuple[ResourceReport, ...]:
        """Return every report in the order of the Bundle."""
        return tuple(sorted(self._reports, key=lambda one: (one.index, one.type)))

    def _report(self, resource: Resource, outcome: ResourceOutcome, reason: str) -> None:
        self._reports.append(ResourceReport(resource.index, resource.type, outcome, reason))


def _duplicate(bundle: Bundle, resource: Resource) -> ResourceReport:
    first = bundle.by_key[resource.key]
    if first.json == resource.json or resource.type == "Patient":
        return ResourceReport(
            resource.index, resource.type, ResourceOutcome.SKIPPED, "the same resource again"
        )
    reason = f"same id as entry {first.index}, other content; mend the id at the source"
    return ResourceReport(resource.index, resource.type, ResourceOutcome.REFUSED, reason)


def _fits(entry: ClinicalEntry) -> None:
    size, limit = len(codec.encode(ENTRIES, entry)), ENTRIES.max_bytes - HEADROOM_BYTES
    if size > limit:
        raise PoisonError(
            f"too large: {size} bytes, {limit} at most; publish attachments by reference"
        )
