"""Records that try to get something past the mapping: each class of attempt, in STU3 and R4 shapes, with a survivor.

The victim is the entry that must not be shown as it stands; the survivor is an ordinary entry beside it.
"""

import orjson
import pytest

from recordgate_producers.fhir import extract, parse
from recordgate_schemas.entry import Readiness
from tests.unit.producers.bundles import (
    ACT_CODE,
    AT,
    NUMBER,
    Json,
    bundle,
    encounter,
    entry,
    hidden,
    listing,
    nopat,
    observation,
    read,
    ref,
    thing,
)
from tests.unit.producers.hostile import (
    SURVIVOR,
    coded,
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


# ---- contained clinical resources count as part of what contains them
@pytest.mark.parametrize(
    "inside",
    [
        {"resourceType": "Observation", "id": "c", "status": "preliminary"},
        {"resourceType": "Observation", "id": "c", "status": "entered-in-error"},
        {"resourceType": "DiagnosticReport", "id": "c", "status": "partial"},
        {"resourceType": "ServiceRequest", "id": "c", "status": "draft"},
        {"resourceType": "Condition", "id": "c", "verificationStatus": coded("entered-in-error")},
        {"resourceType": "Specimen", "id": "c", "status": "entered-in-error"},
        {"resourceType": "Coverage", "id": "c"},
        {"resourceType": "Observation", "id": "c", "status": "final", "subject": ref("Group/g")},
        {"resourceType": "Observation", "id": "c", "status": "final", "performer": [ref("RelatedPerson/r")]},
        {"resourceType": "Medication", "id": "c", "modifierExtension": [{"url": "x", "valueBoolean": True}]},
    ],
)  # fmt: skip
def test_what_an_entry_contains_holds_it(inside: Json) -> None:
    record = read(observation("x", contained=[inside], hasMember=[ref("#c")]), SURVIVOR)
    assert is_held(victim(record))
    assert survivor_is_untouched(record)


def test_an_entry_that_contains_something_of_another_patient_is_refused() -> None:
    theirs = {"resourceType": "Specimen", "id": "c", "subject": {"identifier": OTHER}}  # fmt: skip
    record = read(observation("x", contained=[theirs], specimen=ref("#c")), SURVIVOR)
    assert refused(record) == {2}
    assert survivor_is_untouched(record)


# ---- sensitive codes count wherever they stand
@pytest.mark.parametrize(
    "fields",
    [
        {"reasonCode": [SECRET]},
        {"interpretation": [SECRET]},
        {"bodySite": SECRET},
        {"method": SECRET},
        {"extension": [{"url": "https://example.org/x", "valueCoding": SECRET["coding"][0]}]},
        {"extension": [{"url": "x", "extension": [{"url": "y", "valueCodeableConcept": SECRET}]}]},
        {"component": [{"code": SECRET}]},
        {"component": [{"code": {"text": "x"}, "dataAbsentReason": SECRET}]},
        {"contained": [{"resourceType": "Condition", "id": "c", "code": SECRET}]},
        {"code": {"coding": [{"code": "225826001"}]}},
        {"code": {"coding": [{"system": f" {SNOMED} ", "code": " 225826001 "}]}},
        {"somethingNew": SECRET},
    ],
)
def test_a_code_is_read_in_every_element(fields: Json) -> None:
    found = victim(read(observation("x", **fields), SURVIVOR))
    assert "225826001" in {one.code for one in found.codes}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Encounter", {"reason": [SECRET]}),
        ("Encounter", {"reasonCode": [SECRET]}),
        ("Encounter", {"class": SECRET["coding"][0]}),
        ("DiagnosticReport", {"codedDiagnosis": [SECRET]}),
        ("DiagnosticReport", {"conclusionCode": [SECRET]}),
        ("DocumentReference", {"class": SECRET}),
        ("DocumentReference", {"context": {"event": [SECRET]}}),
        ("Condition", {"evidence": [{"code": [SECRET]}]}),
        ("QuestionnaireResponse", {"item": [{"answer": [{"valueCoding": SECRET["coding"][0]}]}]}),
        ("List", {"entry": [{"flag": SECRET, "item": ref("Observation/survivor")}]}),
    ],
)
def test_a_code_is_read_in_every_type(kind: str, fields: Json) -> None:
    found = entry(read(thing(kind, "x", status="final", **fields), SURVIVOR), f"{kind}/x")
    assert "225826001" in {one.code for one in found.codes}


# ---- labels: positions
@pytest.mark.parametrize(
    "place",
    [
        {"meta": {"tag": [{"system": ACT_CODE, "code": "NOPAT"}]}},
        {"meta": {"tag": [{"system": CONFIDENTIALITY, "code": "V"}]}},
        {"extension": [{"url": "x", "valueCoding": {"system": ACT_CODE, "code": "SOMETHING"}}]},
        {"extension": [{"url": "x", "valueCodeableConcept": coded("PSY", ACT_CODE)}]},
        {"contained": [nopat({"resourceType": "Observation", "id": "c"})]},
        {"extension": [{"url": "x", "valueCode": "NOPAT"}]},
        {"extension": [{"url": "x", "valueString": " nopat "}]},
        {"extension": [{"url": "x", "valueMeta": {"security": [{"system": ACT_CODE, "code": "NOPAT"}]}}]},
        {"extension": [{"url": "x", "valueMeta": {"tag": [{"system": ACT_CODE, "code": "NOPAT"}]}}]},
    ],
)  # fmt: skip
def test_a_label_is_read_in_every_position(place: Json) -> None:
    record = read(observation("x", **place), SURVIVOR)
    assert victim(record).labels
    assert survivor_is_untouched(record)


def test_a_compositions_confidentiality_covers_its_sections() -> None:
    section = [{"entry": [ref("Observation/x")]}]
    composition = thing("Composition", "c", confidentiality="V", section=section)
    record = read(composition, observation("x"), SURVIVOR)
    assert victim(record).labels
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    "holder",
    [
        thing("CarePlan", "h", status="active", activity=[{"reference": ref("Observation/x")}]),
        {**thing("EpisodeOfCare", "h"), "x": None},
        thing("List", "h", status="current", date=AT, entry=[{"item": ref("List/inner")}]),
        observation("h", related=[{"target": ref("Observation/x")}]),
        observation("h", hasMember=[ref("Observation/x")]),
    ],
)
def test_a_label_flows_to_what_its_holder_groups(holder: Json) -> None:
    held = {key: value for key, value in holder.items() if value is not None}
    inner = listing("inner", "Observation/x")
    episode = encounter("e", episodeOfCare=[ref("EpisodeOfCare/h")])
    child = observation("x", context=ref("Encounter/e"))
    record = read(nopat(held), inner, episode, child, SURVIVOR)
    assert "Observation/x" in hidden(record)
    assert "Observation/survivor" not in hidden(record)


def test_a_hidden_consultation_takes_the_allergy_that_names_it_by_an_extension() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/encounter-associatedEncounter"
    extension = {"url": url, "valueReference": ref("Encounter/e")}
    allergy = thing("AllergyIntolerance", "a", extension=[extension])
    record = read(nopat(encounter("e")), allergy, SURVIVOR)
    assert "AllergyIntolerance/a" in hidden(record)
    assert "Observation/survivor" not in hidden(record)


def test_a_prescription_that_replaces_a_hidden_one_is_hidden() -> None:
    drug = {"medicationCodeableConcept": {"text": "x"}, "status": "active", "intent": "order"}
    record = read(
        nopat(thing("MedicationRequest", "old", **drug)),
        thing("MedicationRequest", "new", priorPrescription=ref("MedicationRequest/old"), **drug),
        SURVIVOR,
    )
    assert {"MedicationRequest/old", "MedicationRequest/new"} <= hidden(record)


def test_a_labelled_specimen_is_left_out_and_its_report_shown() -> None:
    specimen = nopat({"resourceType": "Specimen", "id": "s", "type": {"text": "blood"}})
    record = read(
        observation("x", specimen=ref("Specimen/s")), specimen,
        observation("y", contained=[specimen], specimen=ref("#s")),
    )  # fmt: skip
    for key in ("Observation/x", "Observation/y"):
        assert not entry(record, key).labels
        assert "blood" not in shown(entry(record, key))


# ---- readiness of and among relatives
def test_what_lies_in_a_consultation_in_error_is_held() -> None:
    wrong = encounter("e", status="entered-in-error")
    record = read(wrong, observation("x", context=ref("Encounter/e")), SURVIVOR)
    assert is_held(victim(record))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    "repeats", [{"conclusion": "as said"}, {"presentedForm": [{"title": "x"}]}]
)
def test_a_report_that_may_repeat_a_result_in_error_is_held(repeats: Json) -> None:
    result = [ref("Observation/bad")]
    report = thing("DiagnosticReport", "r", status="final", result=result, **repeats)
    record = read(report, observation("bad", status="entered-in-error"), SURVIVOR)
    assert is_held(entry(record, "DiagnosticReport/r"))


@pytest.mark.parametrize(
    "extension",
    [
        {"url": "https://x/Extension-UKCore-ListWarningCode", "valueCode": "data-in-transit"},
        {"url": "https://x/Extension-UKCore-ListWarningCode", "valueCoding": {"code": "data-awaiting-filing"}},
        {"url": "https://x/ListWarningCode", "valueCodeableConcept": coded("Data_In_Transit")},
        {"url": "https://x/ListWarningCode", "valueString": "data in transit"},
        {"url": "https://x/ListWarningCode", "valueCodeableConcept": {"text": "something new"}},
    ],
)  # fmt: skip
def test_a_lists_warning_is_read_however_it_is_written(extension: Json) -> None:
    record = read(listing("l", "Observation/survivor", extension=[extension]), SURVIVOR)
    assert is_held(entry(record, "List/l"))


@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance"])
@pytest.mark.parametrize("field", ["clinicalStatus", "verificationStatus"])
def test_a_status_in_words_only_is_unknown(kind: str, field: str) -> None:
    record = read(thing(kind, "x", **{field: {"text": "Entered in error"}}), SURVIVOR)
    assert is_held(entry(record, f"{kind}/x"))


@pytest.mark.parametrize(
    ("method", "readiness"),
    [("DELETE", Readiness.IN_ERROR), ("put", Readiness.FINAL), ("POST", Readiness.FINAL)],
)
def test_what_the_bundle_asks_to_delete_is_in_error(method: str, readiness: Readiness) -> None:
    made = bundle(observation("x"))
    made["entry"][2]["request"] = {"method": method, "url": "Observation/x"}
    assert victim(extract(made)).readiness is readiness


@pytest.mark.parametrize("method", ["PATCH", "GET", "HEAD", "anything"])
def test_what_the_bundle_does_not_hand_over_whole_is_refused(method: str) -> None:
    made = bundle(observation("x"))
    made["entry"][2]["request"] = {"method": method, "url": "Observation/x"}
    assert refused(extract(made)) == {2}


# ---- meaning that could be turned round
@pytest.mark.parametrize(
    "fields",
    [
        {"implicitRules": "https://example.org/rules"},
        {"component": [{"code": {"text": "x"}, "modifierExtension": [{"url": "x"}]}]},
        {"referenceRange": [{"modifierExtension": [{"url": "x", "valueBoolean": True}]}]},
        {"contained": [{"resourceType": "Specimen", "id": "s", "implicitRules": "x"}]},
        {"somethingNew": True},
        {"component": [{"code": {"text": "x"}, "somethingNew": "y"}]},
        {"status": {"wrong": "shape"}},
    ],
)  # fmt: skip
def test_what_may_turn_a_meaning_round_holds_and_what_nobody_knows_is_left_out(
    fields: Json,
) -> None:
    record = read(observation("x", **fields), SURVIVOR)
    assert victim(record).readiness is Readiness.UNKNOWN
    assert "somethingNew" not in shown(victim(record))
    assert survivor_is_untouched(record)


def test_one_id_twice_holds_the_entry_and_what_has_it_inside() -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "one"}}
    record = read(
        observation("x"), observation("x", comment="other"), SURVIVOR,
        drug, {**drug, "code": {"text": "other"}},
        thing("MedicationRequest", "r", medicationReference=ref("Medication/m")),
    )  # fmt: skip
    assert is_held(victim(record))
    assert is_held(entry(record, "MedicationRequest/r"))
    assert survivor_is_untouched(record)


def test_what_is_left_out_for_the_patients_number_holds_the_entry() -> None:
    record = read(thing("AllergyIntolerance", "a", code={"text": f"Penicillin {NUMBER}"}), SURVIVOR)
    assert is_held(entry(record, "AllergyIntolerance/a"))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize(
    "fields",
    [
        {"medicationReference": ref("Medication/absent")},
        {"medicationReference": {"reference": "#absent"}},
        {},
        {"medicationCodeableConcept": {}},
    ],
)
def test_a_medicine_without_its_drug_is_held(fields: Json) -> None:
    made = thing("MedicationRequest", "r", status="active", intent="order", **fields)
    assert is_held(entry(read(made), "MedicationRequest/r"))


def test_digits_and_strength_and_the_state_of_a_specimen_stay() -> None:
    document = bundle(
        observation("x", valueQuantity={"value": 1}, specimen=ref("Specimen/s")),
        {"resourceType": "Specimen", "id": "s", "condition": [{"text": "haemolysed"}]},
        thing("MedicationRequest", "r", medicationReference=ref("Medication/m")),
        {"resourceType": "Medication", "id": "m", "code": {"text": "x"}, "ingredient": [STRENGTH]},
    )  # fmt: skip
    record = extract(parse(orjson.dumps(document).replace(b'"value":1}', b'"value":5.40}')))
    assert '"value":5.40' in shown(victim(record))
    assert "haemolysed" in shown(victim(record))
    assert '"mg"' in shown(entry(record, "MedicationRequest/r"))


# ---- silence
@pytest.mark.parametrize(
    "fields",
    [
        {"dataAbsentReason": {"coding": [{"code": "masked"}]}},
        {"component": [{"code": {"text": "x"}, "dataAbsentReason": coded("MASKED")}]},
        {"_issued": {"extension": [{"url": ABSENT, "valueCode": "masked"}]}},
    ],
)  # fmt: skip
def test_a_patient_cannot_tell_masked_from_absent(fields: Json) -> None:
    assert "masked" not in shown(victim(read(observation("x", **fields)))).lower()


@pytest.mark.parametrize(
    "spelled", ["Encounter/E", "encounter/e", "urn:uuid:e", "https://x.example/fhir/Encounter/e"]
)
def test_no_spelling_unhooks_a_label(spelled: str) -> None:
    record = read(nopat(encounter("e")), observation("x", context=ref(spelled)), SURVIVOR)
    assert "Observation/x" in hidden(record)
    assert "Observation/survivor" not in hidden(record)
