"""Records that try to pass somebody else's words off as this patient's, in many shapes, each with a survivor."""

from typing import Any

import pytest

from recordgate_schemas.entry import ThirdParty
from tests.unit.producers.bundles import (
    NUMBER,
    Json,
    encounter,
    listing,
    observation,
    patient,
    read,
    ref,
    thing,
)
from tests.unit.producers.hostile import (
    SURVIVOR,
    is_held,
    refused,
    shown,
    survivor_is_untouched,
    victim,
)

NHS = "https://fhir.nhs.uk/Id/nhs-number"
OTHER_NUMBER = "9990000026"
SNOMED = "http://snomed.info/sct"
SECRET = {"coding": [{"system": SNOMED, "code": "225826001"}]}
OTHER = {"system": NHS, "value": OTHER_NUMBER}
MARY = {"resourceType": "RelatedPerson", "id": "m", "name": [{"family": "Harness"}]}
STRENGTH = {"itemCodeableConcept": {"text": "y"}, "strength": {"numerator": {"unit": "mg"}}}
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
DEFINED = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-Thing"


# ---- whose it is: own only if it is certain
@pytest.mark.parametrize(
    "subject",
    [
        {"display": "Mr A Patient"},
        {"identifier": {"system": "https://example.org/local", "value": "17"}},
        {"identifier": {"value": NUMBER}},
        ref("Group/g"),
        ref("#somebody"),
        ref("https://other.example/fhir/Patient/p"),
        {},
        None,
        "the patient",
        {"reference": ""},
        ref("Patient/p") | {"identifier": {"system": NHS, "value": None}},
    ],
)
def test_a_subject_that_is_not_certainly_this_patient_is_held(subject: Any) -> None:
    made = {**observation("x"), "subject": subject}
    record = read(made, SURVIVOR)
    assert victim(record).third_party is not ThirdParty.NONE
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    "subject",
    [
        {"identifier": {"system": NHS, "value": OTHER_NUMBER}},
        {"identifier": {"system": f" {NHS.upper()} ", "value": "999 000 0026"}},
        {**ref("Patient/p"), "identifier": {"system": NHS, "value": OTHER_NUMBER}},
        ref("Patient/other"),
    ],
)
def test_somebody_elses_number_refuses(subject: Json) -> None:
    record = read({**observation("x"), "subject": subject}, SURVIVOR)
    assert refused(record) == {2}
    assert survivor_is_untouched(record)


# ---- another patient by way of a relative
THEIRS = {"subject": {"identifier": OTHER}}


@pytest.mark.parametrize(
    ("relative", "fields"),
    [
        ({**encounter("e"), **THEIRS}, {"context": ref("Encounter/e")}),
        ({**encounter("e"), **THEIRS}, {"encounter": ref("Encounter/e")}),
        ({"resourceType": "Specimen", "id": "s", **THEIRS}, {"specimen": ref("Specimen/s")}),
        ({**thing("DiagnosticReport", "r", result=[ref("Observation/x")]), **THEIRS}, {}),
        ({**observation("other"), **THEIRS}, {"derivedFrom": [ref("Observation/other")]}),
        ({**listing("l", "Observation/x"), **THEIRS}, {}),
    ],
)  # fmt: skip
def test_what_belongs_to_another_patients_entry_does_not_go_through(
    relative: Json, fields: Json
) -> None:
    record = read(observation("x", **fields), relative, SURVIVOR)
    assert 2 in refused(record)
    assert not any(one.entry_id.endswith("Observation/x") for one in record.entries)
    assert survivor_is_untouched(record)


# ---- other people in an entry
@pytest.mark.parametrize(
    "fields",
    [
        {"performer": [ref("RelatedPerson/r") | {"display": "Mary Harness"}]},
        {"performer": [{"type": "RelatedPerson", "display": "Mary Harness"}]},
        {"performer": [ref("https://x.example/fhir/RelatedPerson/r") | {"display": "Mary Harness"}]},
        {"performer": [{"identifier": OTHER, "display": "Mary Harness"}]},
        {"contained": [MARY], "performer": [ref("#m") | {"display": "Mary Harness"}]},
        {"contained": [{**MARY, "resourceType": "Patient"}], "focus": [ref("#m")]},
        {"extension": [{"url": DEFINED, "valueHumanName": {"text": "Mary Harness"}}]},
        {"extension": [{"url": DEFINED, "valueAddress": {"text": "1 Harness Road"}}]},
        {"extension": [{"url": DEFINED, "valueContactPoint": {"value": "Harness 0100"}}]},
        {"extension": [{"url": DEFINED, "valueReference": ref("Person/r") | {"display": "Harness"}}]},
        {"extension": [{"url": DEFINED, "valueIdentifier": OTHER}]},
        {"note": [{"text": "x", "authorReference": ref("Person/r") | {"display": "Harness"}}]},
    ],
)  # fmt: skip
def test_another_person_holds_the_entry_and_is_not_in_its_body(fields: Json) -> None:
    record = read(observation("x", **fields), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT
    assert "Harness" not in shown(victim(record))
    assert OTHER_NUMBER not in shown(victim(record))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize("odd", [[None], ["text"], [7, None]])
@pytest.mark.parametrize("deeper", [False, True])
def test_what_stands_beside_a_contained_resource_does_not_let_it_through_unread(
    odd: list[Any], deeper: bool
) -> None:
    inside = {"resourceType": "Condition", "id": "s", "extension": [
        {"url": DEFINED, "valueIdentifier": OTHER}, {"url": DEFINED, "valueHumanName": {"text": "Mary Harness"}},
    ]}  # fmt: skip
    contained = [*odd, [inside] if deeper else inside]
    record = read(observation("x", contained=contained, focus=[ref("#s")]), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT
    assert "Harness" not in shown(victim(record))
    assert OTHER_NUMBER not in shown(victim(record))
    assert survivor_is_untouched(record)


def test_a_patient_in_a_list_of_lists_is_read_as_one() -> None:
    record = read(
        observation("x", contained=[[{**patient(), "id": "me"}]], focus=[ref("#me")]), SURVIVOR
    )
    assert survivor_is_untouched(record)


@pytest.mark.parametrize("written", ["9990000026", "999 000 0026", "NHS no. 999-000-0026, seen"])
@pytest.mark.parametrize("where", ["comment", "valueString", "note"])
def test_another_valid_number_in_words_holds_the_entry(written: str, where: str) -> None:
    value = [{"text": written}] if where == "note" else written
    record = read(observation("x", **{where: value}), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT


@pytest.mark.parametrize(
    "written", ["call 01632 960 011", "+44 1632 960011", "0123456789", "ref 12/3456"]
)
def test_telephones_and_other_numbers_are_no_persons(written: str) -> None:
    assert victim(read(observation("x", comment=written))).third_party is ThirdParty.NONE


@pytest.mark.parametrize(
    "written",
    [NUMBER, "".join(chr(0xFF10 + int(digit)) for digit in NUMBER), "\u200b".join(NUMBER)],
)
def test_the_patients_own_number_is_in_no_body_in_whatever_digits(written: str) -> None:
    record = read(observation("x", comment=f"see {written}"), SURVIVOR)
    assert written not in shown(victim(record))
    assert is_held(victim(record))
    assert survivor_is_untouched(record)


# ---- narrative
@pytest.mark.parametrize("status", ["generated", "extensions", "additional", "empty"])
def test_a_narrative_is_in_no_body(status: str) -> None:
    text = {"status": status, "div": "<div>Mother Mary <script>x()</script></div>"}
    record = read(observation("x", text=text), SURVIVOR)
    assert "Mary" not in shown(victim(record))
    assert is_held(victim(record)) == (status == "additional")


# ---- references: words only where they tell nothing hidden
def test_words_about_an_entry_that_is_not_here_are_left_out_and_those_about_staff_stay() -> None:
    record = read(
        observation(
            "x",
            derivedFrom=[ref("Observation/absent") | {"display": "HIV test"}],
            performer=[ref("Practitioner/absent") | {"display": "Dr Winslade"}],
        )
    )
    assert "HIV" not in shown(victim(record))
    assert "Dr Winslade" in shown(victim(record))


def test_a_patient_inside_an_entry_may_be_this_one() -> None:
    own = {**patient(), "id": "me", "name": [{"family": "Own"}]}
    record = read(observation("x", contained=[own], focus=[ref("#me")]))
    assert victim(record).third_party is ThirdParty.NONE
