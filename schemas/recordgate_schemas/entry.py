"""ClinicalEntry: one item of the record, a decision envelope around an opaque FHIR body.

Rules read the envelope only; the body is never parsed by a rule. Avro form: `avro/clinical_entry.v1.avsc`.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from recordgate_schemas.bounds import Body, Most, Name, Sha256, Text
from recordgate_schemas.values import EntryId, GrantId, NhsNumber, OdsCode


class Kind(StrEnum):
    """What the entry is, in a GP record's words; `unknown` never releases.

    `battery`: measurements that are one finding, such as a blood pressure; `test_group`: results under one heading.
    """

    CONSULTATION = "consultation"
    PROBLEM = "problem"
    MEDICATION = "medication"
    ALLERGY = "allergy"
    IMMUNISATION = "immunisation"
    TEST_RESULT = "test_result"
    REPORT = "report"
    BATTERY = "battery"
    TEST_GROUP = "test_group"
    DOCUMENT = "document"
    REFERRAL = "referral"
    OBSERVATION = "observation"
    LIST = "list"
    DIARY = "diary"
    ADMIN_TASK = "admin_task"
    ACCESS_CODE = "access_code"
    UNKNOWN = "unknown"


class Readiness(StrEnum):
    """How far the entry is at its source; only finished ones may be shown.

    `in_error`: the source has taken it back, because it is wrong, cancelled or replaced by another entry.
    """

    FINAL = "final"
    DRAFT = "draft"
    FILED = "filed"
    UNFILED = "unfiled"
    REVIEWED = "reviewed"
    UNREVIEWED = "unreviewed"
    IN_TRANSIT = "in_transit"
    AWAITING_FILING = "awaiting_filing"
    PARTIAL = "partial"
    IN_ERROR = "in_error"
    UNKNOWN = "unknown"


class Origin(StrEnum):
    """Where the entry came from."""

    LOCAL = "local"
    TRANSFER = "transfer"
    CORRESPONDENCE = "correspondence"
    UNKNOWN = "unknown"


class Visibility(StrEnum):
    """The source's own online-visibility flag (not its staff-privacy flag)."""

    UNSET = "unset"
    SHOWN = "shown"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


class ThirdParty(StrEnum):
    """Whether the entry is about, or from, another person."""

    NONE = "none"
    CLINICIAN_ONLY = "clinician_only"
    PRESENT = "present"
    UNKNOWN = "unknown"


class Marker(StrEnum):
    """A flag that staff or the source set on an entry, beyond labels and codes."""

    COURT = "court"
    COMPLAINT = "complaint"
    ADOPTION = "adoption"
    ORIGINATOR_CONTROLLED = "originator_controlled"
    SAFEGUARDING = "safeguarding"
    ALLEGED_PERPETRATOR = "alleged_perpetrator"
    ABNORMAL = "abnormal"
    MOVED_FROM_OTHER_PATIENT = "moved_from_other_patient"
    CONFIDENTIAL_TO_STAFF = "confidential_to_staff"
    TEXT_HINT = "text_hint"
    UNKNOWN = "unknown"


class Relation(StrEnum):
    """How this entry relates to the entry its link names."""

    PART_OF = "part_of"
    RESULT_OF = "result_of"
    ABOUT_PROBLEM = "about_problem"
    FOR_MEDICATION = "for_medication"
    LISTED_IN = "listed_in"
    REFERS_TO = "refers_to"


class ElementKind(StrEnum):
    """Parts of a body that redaction drops as a whole; text inside one is never edited.

    `title`: what says what a container is about, and may tell of a hidden member; no level drops it.
    """

    FREE_TEXT = "free_text"
    TITLE = "title"
    ATTACHMENT = "attachment"
    CHILD = "child"


@dataclass(frozen=True, slots=True)
class Coding:
    """A code or label: system URI and code."""

    system: Text
    code: Text


@dataclass(frozen=True, slots=True)
class Link:
    """A relation of the entry to another one, which may not have arrived."""

    entry_id: EntryId
    relation: Relation


@dataclass(frozen=True, slots=True)
class Element:
    """A droppable part of the body: what it is, a JSON pointer (RFC 6901), the entry it refers to, if any."""

    kind: ElementKind
    pointer: Text
    entry_id: EntryId | None = None


MOST_AHEAD = timedelta(minutes=5)
"""By how much a source's clock may be ahead of the broker's."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ClinicalEntry:
    """One version of one entry. Times are UTC-aware; a date or time that the source does not state is None.

    `version`: of two the higher counts, so it may not be ahead of time (`is_ahead`); FHIR publishers use `extracted_at`
    in milliseconds since 1970.
    `event_date`: the clinical date, a day in London. `recorded_at`: when it was entered, on which the right to see it
    depends; without it, the right depends on `event_date`.
    `available_at`: when a result or document could first be shown. `extracted_at`: when it left its source.
    `hide_tags_trusted`: False for a record transfer whose hiding labels may have been lost on the way.
    `not_for_grants`: proxy grants to which the patient does not want it shown.
    `body_sha256`: of `body`; a difference holds the entry.
    """

    entry_id: EntryId
    version: int
    nhs_number: NhsNumber
    practice: OdsCode
    system: Name
    kind: Kind
    readiness: Readiness
    event_date: date | None
    recorded_at: datetime | None
    available_at: datetime | None
    extracted_at: datetime
    origin: Origin
    hide_tags_trusted: bool
    labels: Annotated[tuple[Coding, ...], Most(1_000)]
    codes: Annotated[tuple[Coding, ...], Most(1_000)]
    markers: Annotated[tuple[Marker, ...], Most(100)]
    online_visibility: Visibility
    staff_private: bool
    third_party: ThirdParty
    not_for_grants: Annotated[tuple[GrantId, ...], Most(1_000)]
    links: Annotated[tuple[Link, ...], Most(10_000)]
    elements: Annotated[tuple[Element, ...], Most(10_000)]
    body: Body = field(repr=False)
    body_type: Name
    body_sha256: Sha256


def is_ahead(entry: ClinicalEntry, now: datetime) -> bool:
    """Return whether an entry claims to come from the future, by its extraction or, in milliseconds, by its version.

    SAFETY: no correction would count until its day has come.
    """
    latest = now + MOST_AHEAD
    return entry.extracted_at > latest or entry.version > (latest - _EPOCH) // _MILLISECOND


@dataclass(frozen=True, slots=True)
class SourceVersion:
    """The version of an entry that a publisher speaks of, as the entry itself names it."""

    practice: OdsCode
    system: Name
    version: int
