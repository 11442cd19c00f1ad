"""Shapes and spellings that FHIR does not have, or has for something else: each holds, and shows nothing unread."""

import base64
import json
from typing import Any

import pytest

from recordgate_producers.fhir import extract
from recordgate_schemas.entry import ThirdParty
from tests.unit.producers.bundles import (
    AT,
    Json,
    bundle,
    encounter,
    hidden,
    listing,
    nopat,
    observation,
    read,
    ref,
    thing,
)
from tests.unit.producers.hostile import SURVIVOR, is_held, shown, survivor_is_untouched, victim

NHS = "https://fhir.nhs.uk/Id/nhs-number"
OTHER_NUMBER = "9990000026"
SNOMED = "http://snomed.info/sct"
DEFINED = "http://hl7.org/fhir/x"
WIDE = "".join(chr(0xFF10 + int(digit)) for digit in "9990000026")
"""Another patient's number in digits as East Asian keyboards write them."""

SOMEBODY = {"family": "Harness"}
NUMBERED = {"identifier": {"system": NHS, "value": 9990000026}, "display": "Harness"}


@pytest.mark.parametrize(
    "fields",
    [
        {"code": {"coding": [{"system": SNOMED, "code": 225826001}]}},
        {"code": {"coding": [{"system": SNOMED, "code": ["225826001"]}]}},
        {"context": {"reference": ["Encounter/e"]}},
        {"category": [[{"text": "x"}]]},
        {"performer": [[{"display": "x"}]]},
        {"status": ["final"]},
        {"issued": 20260302},
        {"specimen": NUMBERED},
        {"valueBoolean": "true"},
        {"contained": [[{"resourceType": "Specimen", "id": "s"}]]},
        {"code": {"text": "x", "contained": [{"resourceType": "Practitioner", "id": "s"}]}},
        {"component": [{"code": {"text": "x", "meta": {"source": "x"}}}]},
    ],
)
def test_a_shape_that_fhir_does_not_have_is_not_understood(fields: Json) -> None:
    record = read(observation("x", **fields), SURVIVOR)
    assert is_held(victim(record))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ({"reasonReference": ref("Condition/c")}, "reasonReference"),
        ({"quantity": {"value": "28"}}, '"28"'),
    ],
)
def test_shapes_of_published_examples_are_read(written: Json, kept: str) -> None:
    made = thing("MedicationRequest", "x", status="active", intent="order", authoredOn=AT)
    made |= {"medicationCodeableConcept": {"text": "Aspirin"}}
    supply = {"dispenseRequest": written} if "quantity" in written else written
    one = victim(read(made | supply, thing("Condition", "c")), "MedicationRequest/x")
    assert not is_held(one)
    assert kept in shown(one)


@pytest.mark.parametrize(
    "holder",
    [
        {"resourceType": "Practitioner", "id": "h"},
        {"resourceType": "Specimen", "id": "h"},
        {"resourceType": "Observation", "id": "h", "status": "final"},
    ],
)
def test_what_is_contained_in_what_is_contained_is_not_understood(holder: Json) -> None:
    deep = {"resourceType": "Practitioner", "id": "d", "telecom": [{"value": "07700 900000"}]}
    record = read(observation("x", contained=[{**holder, "contained": [deep]}]), SURVIVOR)
    assert is_held(victim(record))
    assert "07700" not in shown(victim(record))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    "relative",
    [
        ref("relatedperson/r"),
        ref("RELATEDPERSON/r"),
        ref("RelatedPerson%2Fr"),
        ref("RelatedPerson%252Fr"),
        ref("RelatedPerson/r/"),
        ref("RelatedPerson/r?x=1"),
        ref("RelatedPerson/r#x"),
        ref("RelatedPerson?identifier=x"),
        {"type": "http://hl7.org/fhir/StructureDefinition/RelatedPerson"},
        {"type": "relatedperson"},
        {**ref("Specimen/s"), "type": " RelatedPerson"},
        {"identifier": {"system": f"{NHS}/", "value": OTHER_NUMBER}},
        {"identifier": {"system": "urn:oid:2.16.840.1.113883.2.1.4.1", "value": OTHER_NUMBER}},
    ],
)
def test_a_relative_is_one_in_every_spelling(relative: Json) -> None:
    record = read(observation("x", specimen={**relative, "display": "Harness"}), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT
    assert "Harness" not in shown(victim(record))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    "written",
    [
        "999.000.0026",
        "999  000  0026",
        "999\u00a0000\u00a00026",
        "999\u2013000\u20130026",
        "99900\u200b00026",
        WIDE,
        "son, NHS9990000026",
    ],
)
@pytest.mark.parametrize(
    "element",
    [
        lambda words: {"comment": words},
        lambda words: {"extension": [{"url": DEFINED, "valueUri": f"https://x.example/{words}"}]},
        lambda words: {"subject": {**ref("Patient/p"), "display": words}},
    ],
)
def test_another_patients_number_holds_however_it_is_written(written: str, element: Any) -> None:
    record = read(observation("x", **element(written)), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT
    assert survivor_is_untouched(record)


@pytest.mark.parametrize("kind", ["text/plain", " Text/HTML; charset=utf-8"])
def test_another_patients_number_in_an_attached_text_holds(kind: str) -> None:
    data = base64.b64encode(b"<p>Letter about 999 000 0026</p>").decode()
    letter = thing("DocumentReference", "x", status="current", indexed=AT, type={"text": "Letter"})
    letter |= {
        "docStatus": "final",
        "content": [{"attachment": {"contentType": kind, "data": data}}],
    }
    record = read(letter, SURVIVOR)
    assert victim(record, "DocumentReference/x").third_party is ThirdParty.PRESENT
    assert survivor_is_untouched(record)


def test_the_name_of_a_relative_in_a_family_history_is_left_out() -> None:
    inside = {"resourceType": "FamilyMemberHistory", "id": "f", "name": "Harness"}
    record = read(observation("x", contained=[inside]), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT
    assert "Harness" not in shown(victim(record))


def test_what_stands_beside_implicit_rules_may_turn_a_meaning_round_too() -> None:
    beside = {"_implicitRules": {"extension": [{"url": DEFINED, "valueUri": "x"}]}}
    assert is_held(victim(read(observation("x", **beside))))


@pytest.mark.parametrize(
    "fields",
    [
        {"modifierExtension": [{"url": "x", "valueBoolean": True}]},
        {"form": {"text": "x", "modifierExtension": [{"url": "x", "valueBoolean": True}]}},
        {"ingredient": [[{"itemCodeableConcept": {"text": "x"}}]]},
        {"implicitRules": "x"},
        {"zzz": "x"},
    ],
)
def test_what_is_not_understood_in_a_drug_holds_what_names_it(fields: Json) -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": {"text": "Aspirin"}, **fields}
    dates = {"status": "active", "intent": "order", "authoredOn": AT}
    made = thing("MedicationRequest", "x", medicationReference=ref("Medication/d"), **dates)
    record = read(made, drug, SURVIVOR)
    assert is_held(victim(record, "MedicationRequest/x"))
    assert survivor_is_untouched(record)


def test_the_author_of_a_note_in_words_is_left_out() -> None:
    note = [{"authorString": "Mrs Harness, mother", "text": "Walks well", "time": AT}]
    made = thing("ReferralRequest", "x", status="active", intent="order", authoredOn=AT, note=note)
    one = victim(read(made), "ReferralRequest/x")
    assert json.loads(one.body)["note"] == [{"text": "Walks well", "time": AT}]


def test_somebody_beside_the_subject_is_somebody() -> None:
    extension = [{"url": DEFINED, "valueHumanName": SOMEBODY}]
    record = read(observation("x", subject={**ref("Patient/p"), "extension": extension}), SURVIVOR)
    assert victim(record).third_party is ThirdParty.PRESENT


@pytest.mark.parametrize(
    "spelled",
    ["Observation%2Fx", "Observation/x/", "/Observation/x", "Observation/x?x=1", "Observation/x#y"],
)
def test_no_odd_spelling_unhooks_a_label(spelled: str) -> None:
    record = read(observation("x"), nopat(listing("l", spelled)), SURVIVOR)
    assert "Observation/x" in hidden(record)
    assert survivor_is_untouched(record)


def test_two_contained_resources_with_one_id_hold() -> None:
    inside = [{"resourceType": "Specimen", "id": "s"}, {"resourceType": "Device", "id": "s"}]
    record = read(observation("x", contained=inside, specimen=ref("#s")), SURVIVOR)
    assert is_held(victim(record))
    assert survivor_is_untouched(record)


def test_what_a_value_has_beside_it_stays_with_that_value() -> None:
    """FHIR writes them in two lists, by place: a gap in one is no gap in the other."""
    about = {"extension": [{"url": DEFINED, "valueString": "about the second"}]}
    name = {"given": [None, "Ann"], "_given": [None, about], "family": "Lee"}
    staff = {"resourceType": "Practitioner", "id": "g", "name": [name]}
    made = observation("x", performer=[ref("Practitioner/g")])
    one = victim(extract(bundle(made, staff)))
    (practitioner,) = json.loads(one.body)["contained"]
    assert practitioner["name"] == [{"_given": [about], "family": "Lee", "given": ["Ann"]}]

    name |= {"given": ["9990000018", "Ann"], "_given": [about, None]}
    one = victim(extract(bundle(made, staff)))
    (practitioner,) = json.loads(one.body)["contained"]
    assert practitioner["name"] == [
        {"_given": [about, None], "family": "Lee", "given": [None, "Ann"]}
    ]


def test_a_consultation_named_in_a_list_of_one_does_not_unhook_its_label() -> None:
    made = observation("x", context={"reference": ["Encounter/e"]})
    record = read(made, nopat(encounter("e")), SURVIVOR)
    assert is_held(victim(record))
