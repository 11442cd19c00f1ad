"""Every code of status that HL7 allows says how far an entry is: none is left that nobody understands."""

from functools import cache

import pytest

from recordgate_producers.fhir.bundle import Resource
from recordgate_producers.fhir.readiness import readiness
from recordgate_producers.fhir.types import KINDS
from recordgate_schemas.entry import Kind, Readiness
from recordgate_schemas.reasons import Outcome
from tests.support.fhir_definitions.__main__ import store
from tests.support.fhir_definitions.official import JARS
from tests.support.fhir_definitions.statuses import Statuses, official_statuses
from tests.unit.producers.bundles import Json, encounter, observation, read, ref, thing
from tests.unit.producers.decided import decided, outcomes

ELEMENTS = frozenset({"status", "docStatus", "clinicalStatus", "verificationStatus"})
RELEASED = sorted(kind for kind, found in KINDS.items() if found is not Kind.ADMIN_TASK)
DONE, WAITING, GONE = "done", "waiting", "taken back"
CLASS = {
    Readiness.FINAL: DONE,
    Readiness.FILED: DONE,
    Readiness.REVIEWED: DONE,
    Readiness.DRAFT: WAITING,
    Readiness.UNFILED: WAITING,
    Readiness.UNREVIEWED: WAITING,
    Readiness.PARTIAL: WAITING,
    Readiness.IN_ERROR: GONE,
}


@cache
def statuses(version: str) -> Statuses:
    return official_statuses(store(), version, ELEMENTS)


def stated(kind: str, element: str, code: str, *, version: str) -> Json:
    """A resource with this code, in the shape that the version gives the element."""
    coded = version == "r4" and element in ("clinicalStatus", "verificationStatus")
    made = {"resourceType": kind, element: {"coding": [{"code": code}]} if coded else code}
    return {"status": "current", **made} if element == "docStatus" else made


def classes(made: Json) -> set[str]:
    """What a status means, in a GP Connect record and outside; a laboratory's result is read by a row of its own."""
    laboratory = (False, True) if made["resourceType"] == "Observation" else (False,)
    one = Resource(0, str(made["resourceType"]), "x", made)
    return {
        CLASS.get(readiness(one, laboratory=lab, gp_connect=gpc), "unknown")
        for lab in laboratory
        for gpc in (False, True)
    }


@pytest.mark.parametrize("version", JARS)
def test_every_legal_code_of_every_released_type_is_understood(version: str) -> None:
    legal = [
        (kind, element, code)
        for kind in RELEASED
        for element, codes in statuses(version).get(kind, {}).items()
        for code in sorted(codes)
    ]
    assert len(legal) > 80
    assert [one for one in legal if "unknown" in classes(stated(*one, version=version))] == []


def test_the_definitions_are_read() -> None:
    stu3, r4 = statuses("stu3"), statuses("r4")
    assert set(RELEASED) - stu3.keys() == {"ServiceRequest"}
    assert set(RELEASED) - r4.keys() == {"ProcedureRequest", "ReferralRequest"}
    assert {"triaged", "cancelled"} <= stu3["Encounter"]["status"] & r4["Encounter"]["status"]
    assert "unconfirmed" in r4["Condition"]["verificationStatus"]


MEANT = [
    ("Encounter", "cancelled", {GONE}),
    ("Encounter", "triaged", {WAITING}),
    ("Encounter", "onleave", {WAITING}),
    ("Encounter", "unknown", {WAITING}),
    ("Observation", "unknown", {WAITING, DONE}),
    ("DiagnosticReport", "unknown", {WAITING, DONE}),
    ("ServiceRequest", "unknown", {WAITING}),
    ("ReferralRequest", "unknown", {WAITING, DONE}),
    ("CarePlan", "unknown", {WAITING}),
    ("Procedure", "unknown", {WAITING}),
    ("MedicationRequest", "cancelled", {DONE}),
    ("MedicationRequest", "unknown", {DONE}),
    ("Encounter", "Finished", {"unknown"}),
    ("Observation", "done", {"unknown"}),
]


@pytest.mark.parametrize(("kind", "code", "meant"), MEANT)
def test_what_a_status_means(kind: str, code: str, meant: set[str]) -> None:
    assert classes({"resourceType": kind, "status": code}) == meant


def test_a_cancelled_consultation_is_withheld_and_what_it_holds_is_looked_at() -> None:
    inside = observation("x", context=ref("Encounter/e"))
    record = read(encounter("e", status="cancelled"), inside, encounter("survivor"))
    assert outcomes(record) == {
        "e": "WITHHELD IN_ERROR",
        "x": "HELD UNKNOWN_READINESS",
        "survivor": "RELEASED",
    }


@pytest.mark.parametrize(
    ("kind", "dated"),
    [
        ("Procedure", "performedDateTime"),
        ("ServiceRequest", "authoredOn"),
        ("Observation", "issued"),
    ],
)
def test_what_its_source_does_not_know_waits_for_its_source_and_is_reported(
    kind: str, dated: str
) -> None:
    made = thing(kind, "x", status="unknown", code={"coding": [{"code": "1"}]})
    record = read(made | {dated: "2026-03-02T09:00:00Z"})
    assert [found.split()[0] for found in outcomes(record).values()] == ["DEFERRED"]
    assert any("does not know" in one.text for one in record.notices)


UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-DocumentReference"
UNREVIEWED: list[Json] = [
    {},
    {"meta": {"profile": [UK_CORE]}},
    {"authenticator": ref("Practitioner/s"), "custodian": ref("Organization/o")},
    {"context": {"encounter": [ref("Encounter/e")]}},
    {"docStatus": "preliminary"},
]


def letter(**fields: object) -> Json:
    content = [{"attachment": {"title": "Letter"}}]
    made = {"status": "current", "indexed": "2026-03-02T09:00:00Z", "content": content}
    return thing("DocumentReference", "x", **made, **fields)


@pytest.mark.parametrize("fields", UNREVIEWED)
def test_a_document_of_which_nobody_says_that_it_was_reviewed_waits_for_its_source(
    fields: Json,
) -> None:
    record = read(letter(**fields), encounter("e"), timestamp="2026-09-01T06:00:00Z")
    assert outcomes(record)["x"] == "DEFERRED NOT_REVIEWED"
    asked = decided(record)["DocumentReference/x"].objections
    assert Outcome.HELD not in {one.outcome for one in asked}
    reported = any("docStatus" in one.text for one in record.notices)
    assert reported is ("docStatus" not in fields)
    later = read(letter(**fields | {"docStatus": "final"}), timestamp="2026-09-02T06:00:00Z")
    assert outcomes(record, later)["x"].startswith("RELEASED")


def test_a_document_of_gp_connect_was_reviewed_before_it_was_extracted() -> None:
    profile = "https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-DocumentReference-1"
    assert outcomes(read(letter(meta={"profile": [profile]}))) == {"x": "RELEASED"}
