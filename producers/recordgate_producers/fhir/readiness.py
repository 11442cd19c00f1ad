"""How far each entry is at its source, from FHIR status: one table, one row per type and status.

`gpc` rows hold for GP Connect profiles only. Sources: GP Connect Access Record Structured (status notes per resource;
patient-facing guide: draft consultations have status unknown; diary entries and unfiled results are never exposed), and
the published extracts of two suppliers, which send `unknown` for filed reports and their results and for referrals.
Every code that HL7 allows is in a row. Elsewhere `unknown` says that the source itself does not know: the entry waits
for it. SAFETY: a status in no row is none that FHIR has; the entry's readiness is `unknown`, which holds.
"""

import re
from collections.abc import Iterator

from recordgate_producers.fhir.bundle import DELETED, Bundle, Resource
from recordgate_producers.fhir.report import Notice
from recordgate_producers.fhir.screening import is_modified, unknown_elements
from recordgate_producers.fhir.tree import Json, codes, nodes, text, values
from recordgate_producers.fhir.types import CONTAINED_FIELDS, KINDS, PEOPLE
from recordgate_schemas.entry import Readiness

FINAL, DRAFT, UNKNOWN = Readiness.FINAL, Readiness.DRAFT, Readiness.UNKNOWN
FILED, UNFILED = Readiness.FILED, Readiness.UNFILED
TAKEN_BACK = Readiness.IN_ERROR
"""What a source does not stand by any more: cancelled, replaced or in error. Nobody can do anything about it."""

_ORDERED = "active completed on-hold suspended stopped cancelled revoked"
_ORDER = {FINAL: _ORDERED, DRAFT: "draft unknown"}
_RESULT = {UNFILED: "preliminary registered unknown", TAKEN_BACK: "cancelled"}
STATUS: dict[str, dict[Readiness, str]] = {
    "Encounter": {
        FINAL: "finished",
        DRAFT: "unknown in-progress planned arrived triaged onleave",
        TAKEN_BACK: "cancelled",
    },
    "Observation": {FINAL: "final amended corrected"} | _RESULT,
    "laboratory": {FILED: "final amended corrected"} | _RESULT,
    "DiagnosticReport": {
        FILED: "final amended corrected appended",
        Readiness.PARTIAL: "partial",
    }
    | _RESULT,
    "MedicationRequest": {FINAL: f"{_ORDERED} unknown", DRAFT: "draft"},
    "MedicationStatement": {
        FINAL: "active completed stopped on-hold intended unknown not-taken",
    },
    "Immunization": {FINAL: "completed not-done"},
    "Procedure": {
        FINAL: "completed not-done aborted stopped suspended on-hold",
        DRAFT: "preparation in-progress unknown",
    },
    "CarePlan": _ORDER,
    "ReferralRequest": _ORDER,
    "ProcedureRequest": _ORDER,
    "ServiceRequest": _ORDER,
    "List": {FINAL: "current retired"},
    "QuestionnaireResponse": {FINAL: "completed amended stopped", DRAFT: "in-progress"},
    "AllergyIntolerance": {FINAL: "active inactive resolved"},
    "Condition": {FINAL: "active recurrence relapse inactive remission resolved"},
}
GPC_UNKNOWN = {
    "Observation": FINAL,
    "laboratory": FILED,
    "DiagnosticReport": FILED,
    "ReferralRequest": FINAL,
    "ProcedureRequest": FINAL,
}
"""What `unknown` means in a GP Connect extract, which carries filed results and sent referrals only."""

DOCUMENTS = {
    "current final": Readiness.REVIEWED,
    "current amended": Readiness.REVIEWED,
    "current preliminary": Readiness.UNREVIEWED,
    "current draft": Readiness.UNREVIEWED,
    "current None": Readiness.UNREVIEWED,
}
"""DocumentReference by status and docStatus; a GP Connect one without docStatus has completed its workflow.

SAFETY: `current` says that it is the valid version, not that anybody reviewed it, and an unreviewed document is never
shown (GP Connect, patient-facing guide). So one without docStatus waits for its source, and that is reported.
"""

LIST_WARNINGS = {
    "data-in-transit": Readiness.IN_TRANSIT,
    "data-awaiting-filing": Readiness.AWAITING_FILING,
}
CONFIDENTIAL_ITEMS = "confidential-items"
WARNINGS = frozenset({*LIST_WARNINGS, CONFIDENTIAL_ITEMS})
WARNING_URL = "listwarningcode"
IN_ERROR = "entered-in-error"
SUPERSEDED = "superseded"
_STATUS_FIELDS = ("status", "docStatus", "clinicalStatus", "verificationStatus")


def readiness(resource: Resource, *, laboratory: bool, gp_connect: bool) -> Readiness:
    """Return a resource's readiness by itself, relatives not considered; what it contains counts as part of it.

    SAFETY: what may turn a meaning round, and what FHIR does not define, is understood by nobody here.
    """
    if resource.method == DELETED:
        return Readiness.IN_ERROR
    stated = _stated(resource.json, laboratory=laboratory, gp_connect=gp_connect)
    if stated is Readiness.IN_ERROR:
        return stated
    if is_modified(resource.nodes) or any(unknown_elements(resource.nodes)):
        return UNKNOWN
    inside = [_inside(part, gp_connect=gp_connect) for part in nodes(resource.json, "contained")]
    return next((one for one in inside if one is not None), stated)


def is_wrong(resource: Json) -> bool:
    """Whether a resource says that it was entered in error, not only cancelled or replaced."""
    return any(code.code == IN_ERROR for name in _STATUS_FIELDS for code in codes(resource, name))


def _inside(part: Json, *, gp_connect: bool) -> Readiness | None:
    """Return what a contained resource makes of its holder; None if it is finished, or says nothing clinical."""
    kind = str(part.get("resourceType"))
    if is_wrong(part):
        return UNKNOWN
    if kind not in KINDS:
        return None if kind in CONTAINED_FIELDS or kind in PEOPLE else UNKNOWN
    state = _stated(part, laboratory=False, gp_connect=gp_connect)
    if state is TAKEN_BACK:
        return UNKNOWN
    return None if state in (FINAL, FILED, Readiness.REVIEWED) else state


def _stated(resource: Json, *, laboratory: bool, gp_connect: bool) -> Readiness:
    kind = str(resource["resourceType"])
    statuses = _statuses(resource, kind)
    if IN_ERROR in statuses:
        return Readiness.IN_ERROR
    if kind == "DocumentReference":
        return _document(resource, gp_connect=gp_connect)
    warned = [code for code in list_warnings(resource) if code != CONFIDENTIAL_ITEMS]
    if warned:
        return LIST_WARNINGS.get(warned[0], UNKNOWN)
    return _by_status(statuses, "laboratory" if laboratory else kind, gp_connect=gp_connect)


def list_warnings(resource: Json) -> list[str]:
    """Return the warnings on a list (GP Connect and UK Core list warning codes), however they are written."""
    return [
        re.sub(r"[^a-z]+", "-", words.strip().lower())
        for part in nodes(resource, "extension")
        if WARNING_URL in str(part.get("url")).lower()
        for key in sorted(part)
        if key.startswith("value")
        for words in _warning_words(part[key])
    ]


def _warning_words(value: object) -> Iterator[str]:
    yield from (code.code for code in codes(value) if code.code)
    if isinstance(value, dict) and not any(code.code for code in codes(value)):
        yield text(value, "text") or text(value, "display") or "?"


def list_warning_notices(bundle: Bundle) -> list[Notice]:
    """Return what to report of the warnings on a record's lists; a code nobody knows is not repeated."""
    return [
        Notice(one.index, one.type, f"list warning {name}; reported here, never shown")
        for one in bundle.resources
        if one.type == "List"
        for name in dict.fromkeys(
            code if code in WARNINGS else "of an unknown code" for code in list_warnings(one.json)
        )
    ]


def _statuses(resource: Json, kind: str) -> set[str]:
    fields = ["status", "docStatus"]
    if kind in ("AllergyIntolerance", "Condition"):
        fields = ["clinicalStatus", "verificationStatus"]
    stated = {code.code for field in fields for code in codes(resource, field)}
    # SAFETY: a status in words only, or without a code, is none that anybody here can read
    unread = any(
        not any(code.code for code in codes(value))
        for field in fields
        for value in values(resource, field)
    )
    return stated | {"?"} if unread else stated


def _document(resource: Json, *, gp_connect: bool) -> Readiness:
    status, stage = text(resource, "status"), text(resource, "docStatus")
    if status == SUPERSEDED:
        return TAKEN_BACK
    if stage is None and status == "current" and gp_connect:
        return Readiness.REVIEWED
    return DOCUMENTS.get(f"{status} {stage}", UNKNOWN)


def _by_status(statuses: set[str], row: str, *, gp_connect: bool) -> Readiness:
    if row in ("AllergyIntolerance", "Condition"):
        # Both statuses are optional: an entry without one is final, one with an unknown status is not.
        statuses = statuses - _VERIFICATION
        return FINAL if statuses <= set(STATUS[row][FINAL].split()) else UNKNOWN
    if statuses == {"unknown"} and gp_connect and row in GPC_UNKNOWN:
        return GPC_UNKNOWN[row]
    for found, listed in STATUS.get(row, {}).items():
        if statuses and statuses <= set(listed.split()):
            return found
    return UNKNOWN


_VERIFICATION = {
    "unconfirmed",
    "provisional",
    "differential",
    "confirmed",
    "refuted",
    "unknown",
    "presumed",
}
