"""Controls: facts that change who may see what. One typed change in one envelope, on the topic `controls`.

Among controls about the same fact the latest `effective_at` wins, a tie goes to the more restrictive one, and
arrival order does not matter. A time later than the broker's own counts as the broker's: nobody opens a record by
dating a control into the future. Avro form: `avro/control.v1.avsc`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from recordgate_schemas.bounds import MOST_ITEMS, Most, Name, Sha256, Signature, Word
from recordgate_schemas.entry import ElementKind, Kind, SourceVersion
from recordgate_schemas.values import Audience, EntryId, GrantId, NhsNumber, OdsCode

OPINION_MONTHS = 6
"""How long a clinician's opinion on serious harm holds (Data Protection Act 2018, Schedule 3, Part 2)."""


class RegistrationKind(StrEnum):
    """How a patient is registered; only `regular` (GMS) carries the right."""

    REGULAR = "regular"
    TEMPORARY = "temporary"
    OTHER = "other"
    UNKNOWN = "unknown"


class Verification(StrEnum):
    """Whether the NHS number was verified against the Personal Demographics Service."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """GP Connect's access ladder, each step including the ones before."""

    NONE = "none"
    SUMMARY = "summary"
    DETAILED = "detailed"
    DOCUMENTS = "documents"
    FULL = "full"


class ReviewCode(StrEnum):
    """Enhanced review before granting access: SNOMED 1364731000000104 and 1364751000000106."""

    NEEDED_104 = "needed_104"
    NOT_NEEDED_106 = "not_needed_106"


class HideCause(StrEnum):
    """Why an entry is hidden; each cause is lifted on its own."""

    NOPAT = "nopat"
    DO_NOT_DISPLAY = "do_not_display"
    IN_ERROR = "in_error"
    WRONG_PATIENT = "wrong_patient"


class ReviewAction(StrEnum):
    """What a reviewer decided about a held entry."""

    RELEASE = "release"
    WITHHOLD = "withhold"


class ReviewGround(StrEnum):
    """The ground a reviewer gave."""

    CHECKED = "checked"
    SERIOUS_HARM = "serious_harm"
    THIRD_PARTY = "third_party"
    COURT = "court"
    OTHER = "other"


class NumberSide(StrEnum):
    """Which side of a change of NHS number a patient is on."""

    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Registered:
    """The patient is registered at `practice` from `registered_on`."""

    practice: OdsCode
    registered_on: date
    birth_date: date
    registration: RegistrationKind
    verification: Verification


@dataclass(frozen=True, slots=True)
class Deregistered:
    """The patient left `practice`."""

    practice: OdsCode
    left_on: date


@dataclass(frozen=True, slots=True)
class Historic:
    """Access to entries recorded before the start date, from `since` on (None: all); `checked`: they were checked."""

    level: Level
    since: date | None
    checked: bool


@dataclass(frozen=True, slots=True)
class AccessLevelSet:
    """What the patient may see of entries from `effective_from` on (None: from the start date).

    `practice_grant_from`: since when a patient of 13 to 15 has own access.
    """

    practice: OdsCode
    level: Level
    effective_from: date | None
    historic: Historic | None
    practice_grant_from: date | None


@dataclass(frozen=True, slots=True)
class AreaSet:
    """Whether this patient's entries of a kind are shown at `practice`; goes before what the practice set for all."""

    practice: OdsCode
    kind: Kind
    shown: bool


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """The patient linked a verified account (NHS login P9), or closed it. Never lifts a suspension."""

    linked: bool


@dataclass(frozen=True, slots=True)
class AccessDeclined:
    """The patient does not want online access (SNOMED 1290331000000103)."""


@dataclass(frozen=True, slots=True)
class AccessOptedIn:
    """The patient wants online access again; entries recorded in between stay out."""


@dataclass(frozen=True, slots=True)
class AccessReviewCoded:
    """A 104 or 106 code was recorded."""

    code: ReviewCode


@dataclass(frozen=True, slots=True)
class AccessSuspended:
    """The practice closed the record, for instance because of coercion. Silent."""


@dataclass(frozen=True, slots=True)
class AccessResumed:
    """The practice lifted its suspension."""


@dataclass(frozen=True, slots=True)
class SensitivityFlagged:
    """The patient's demographics are flagged sensitive (S-flag) or no longer are."""

    flagged: bool


@dataclass(frozen=True, slots=True)
class Died:
    """The patient died."""

    died_on: date | None


@dataclass(frozen=True, slots=True)
class NhsNumberChanged:
    """The patient's number changed; published under both numbers."""

    side: NumberSide


@dataclass(frozen=True, slots=True)
class ProxyGranted:
    """Another person may read up to `level`, from `granted_on` to the end of `until`; last renewed at this age."""

    grant_id: GrantId
    practice: OdsCode
    level: Level
    granted_on: date
    until: date | None
    historic: Historic | None
    renewed_at_age: int | None


@dataclass(frozen=True, slots=True)
class ProxyEnded:
    """A proxy grant ended."""

    grant_id: GrantId


@dataclass(frozen=True, slots=True)
class ProxyUsed:
    """A proxy read the record; published now and then, so that an unused grant can end."""

    grant_id: GrantId


@dataclass(frozen=True, slots=True)
class EntryHidden:
    """An entry must not be shown, arrived or not. `related`: relatives its publisher knows.

    `source_version`: a publisher hides this version and earlier ones. None: a person hid it, until a person shows it.
    """

    entry_id: EntryId
    related: Annotated[tuple[EntryId, ...], Most(10_000)]
    cause: HideCause
    source_version: SourceVersion | None = None


@dataclass(frozen=True, slots=True)
class EntryShown:
    """A person lifted what persons hid for this cause. What a publisher hides, only its next version opens."""

    entry_id: EntryId
    cause: HideCause


@dataclass(frozen=True, slots=True)
class RecordSnapshot:
    """All entry ids a system holds for the patient at `effective_at`; entries not listed are gone at source."""

    practice: OdsCode
    system: Name
    entry_ids: Annotated[tuple[EntryId, ...], Most(MOST_ITEMS)]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A reviewer's outcome, bound to what the reviewer saw.

    Counts only for this practice's entry, version, body and ruleset; a release only if all holds were among `reasons`
    (ADR 5). `clinician_opinion_on`: the day of the clinician's opinion that withholding for serious harm needs.
    `leave_out`: the kinds of elements that a release drops; it counts only if the entry has elements of each.
    """

    entry_id: EntryId
    practice: OdsCode
    audience: Audience
    action: ReviewAction
    ground: ReviewGround
    reasons: Annotated[tuple[Word, ...], Most(100)]
    entry_version: int
    body_sha256: Sha256
    control_position: int
    ruleset: Word
    reviewer_role: Name
    clinician_opinion_on: date | None
    leave_out: Annotated[tuple[ElementKind, ...], Most(100)] = ()


@dataclass(frozen=True, slots=True)
class StateConfirmed:
    """An operator repaired the effect of an unreadable control at or before position `through`."""

    through: int


Change = (
    Registered | Deregistered | AccessLevelSet | AccessDeclined | AccessOptedIn
    | AccessReviewCoded | AccessSuspended | AccessResumed | SensitivityFlagged | Died
    | NhsNumberChanged | ProxyGranted | ProxyEnded | EntryHidden | EntryShown | RecordSnapshot
    | Reviewed | StateConfirmed | AreaSet | AccountChanged | ProxyUsed
)  # fmt: skip
"""Any change, in the order of the Avro union: a new one comes last."""


@dataclass(frozen=True, slots=True)
class Control:
    """One change about one patient. `source`: the issuing system. `signature`: a JWS over the rest (`authority.py`)."""

    control_id: Name
    nhs_number: NhsNumber
    effective_at: datetime
    source: Name
    change: Change
    signature: Signature = field(default="", repr=False)
