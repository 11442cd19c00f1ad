"""How far each entry is at its source, from FHIR status: one table, one row per type and status.

`gpc` rows hold for GP Connect profiles only. Sources: GP Connect Access Record Structured (status notes per resource;
patient-facing guide: draft consultations have status unknown; diary entries and unfiled results are never exposed), and
the published extracts of two suppliers, which send `unknown` for filed reports and their results and for referrals.
SAFETY: a status in no row is `unknown`, which holds.
"""

from recordgate_producers.fhir.bundle import Bundle
from recordgate_producers.fhir.report import Notice
from recordgate_producers.fhir.tree import Json, codes, nodes, text, texts
from recordgate_schemas.entry import Readiness

FINAL, DRAFT, UNKNOWN = Readiness.FINAL, Readiness.DRAFT, Readiness.UNKNOWN
FILED, UNFILED = Readiness.FILED, Readiness.UNFILED

_ORDER = {
    FINAL: "active completed on-hold suspended stopped cancelled revoked",
    DRAFT: "draft",
}
STATUS: dict[str, dict[Readiness, str]] = {
    "Encounter": {FINAL: "finished", DRAFT: "unknown in-progress planned arrived"},
    "Observation": {FINAL: "final amended corrected", UNFILED: "preliminary registered"},
    "laboratory": {FILED: "final amended corrected", UNFILED: "preliminary registered"},
    "DiagnosticReport": {
        FILED: "final amended corrected appended",
        UNFILED: "preliminary registered",
        Readiness.PARTIAL: "partial",
    },
    "MedicationRequest": _ORDER | {FINAL: _ORDER[FINAL] + " unknown"},
    "MedicationStatement": {
        FINAL: "active completed stopped on-hold intended unknown not-taken",
    },
    "Immunization": {FINAL: "completed not-done"},
    "Procedure": {
        FINAL: "completed not-done aborted stopped suspended on-hold",
        DRAFT: "preparation in-progress",
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
}
"""DocumentReference by status and docStatus; a GP Connect one without docStatus has completed its workflow."""

LIST_WARNINGS = {
    "data-in-transit": Readiness.IN_TRANSIT,
    "data-awaiting-filing": Readiness.AWAITING_FILING,
}
WARNINGS = frozenset({*LIST_WARNINGS, "confidential-items"})
IN_ERROR = "entered-in-error"


def readiness(resource: Json, *, laboratory: bool, gp_connect: bool) -> Readiness:
    """Return a resource's readiness by itself, relatives not considered."""
    kind = str(resource["resourceType"])
    statuses = _statuses(resource, kind)
    if IN_ERROR in statuses:
        return Readiness.IN_ERROR
    if "modifierExtension" in resource:
        return UNKNOWN  # SAFETY: it may turn the meaning round, and none is known here.
    if kind == "DocumentReference":
        return _document(resource, gp_connect=gp_connect)
    warned = [LIST_WARNINGS[code] for code in list_warnings(resource) if code in LIST_WARNINGS]
    if warned:
        return warned[0]
    return _by_status(statuses, "laboratory" if laboratory else kind, gp_connect=gp_connect)


def list_warnings(resource: Json) -> list[str]:
    """Return the warnings (GP Connect list warning codes) on a list."""
    return [
        code
        for part in nodes(resource, "extension")
        if "ListWarningCode" in str(part.get("url"))
        for code in texts(part, "valueCode")
    ]


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
    return {code.code for field in fields for code in codes(resource, field)}


def _document(resource: Json, *, gp_connect: bool) -> Readiness:
    status, stage = text(resource, "status"), text(resource, "docStatus")
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
