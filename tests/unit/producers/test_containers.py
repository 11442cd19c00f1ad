"""What a container says of its members: words that tell of a hidden one, and what it carries inside."""

import json
from typing import Any

import pytest

from recordgate_schemas.entry import ElementKind
from tests.unit.producers.bundles import (
    AT,
    Json,
    encounter,
    entry,
    listing,
    nopat,
    observation,
    read,
    ref,
    thing,
)
from tests.unit.producers.decided import outcomes
from tests.unit.producers.hostile import SURVIVOR, is_held, shown, survivor_is_untouched
from tests.unit.producers.test_cut_records import first, second

DIAGNOSIS = {"coding": [{"system": "http://snomed.info/sct", "code": "129103003"}]}


def topic(title: str | None) -> Json:
    return listing("l", "Observation/x", "Observation/survivor", title=title)


@pytest.mark.parametrize("title", ["Endometriosis of uterus", "History of the assault", "Plan B"])
def test_a_list_whose_title_may_tell_of_a_hidden_member_is_looked_at(title: str) -> None:
    found = outcomes(first(topic(title), nopat(observation("x")), SURVIVOR))
    assert found == {"l": "HELD LINKED", "x": "WITHHELD SOURCE_NOPAT", "survivor": "RELEASED"}


@pytest.mark.parametrize("title", ["History", " lab results", "Externally Entered", None])
def test_the_heading_of_a_list_tells_of_no_member(title: str | None) -> None:
    found = outcomes(first(topic(title), nopat(observation("x")), SURVIVOR))
    assert found["l"] == "RELEASED_REDACTED POINTERS_DROPPED"


PTSD = {"system": "http://snomed.info/sct", "code": "47505003"}
DISPLAYED = {**PTSD, "display": "posttraumatic stress disorder"}
GENERIC = {"system": "http://snomed.info/sct", "code": "185317003"}
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-LegalStatus"
TELLING: list[Json] = [
    {"type": [{"coding": [PTSD]}]},
    {"type": [{"coding": [DISPLAYED]}]},
    {"type": [{"text": "Drug rehabilitation"}]},
    {"type": [{"text": "GP Surgery"}, {"text": "Drug rehabilitation"}]},
    {"type": [{"coding": [{**GENERIC, "display": "Telephone encounter, assault"}]}]},
    {"type": [{"coding": [GENERIC], "text": "About the assault"}]},
    {"type": [{"coding": [{"display": "HIV clinic"}]}]},
    {"class": {"system": "https://practice.example/classes", "code": "HIV"}},
    {"class": {"code": "AMB", "display": "HIV clinic"}},
    {"serviceType": {"text": "Sexual health"}},
    {"extension": [{"url": UK_CORE, "valueCodeableConcept": {"text": "Detained"}}]},
    {"extension": [{"url": UK_CORE, "extension": [{"url": "status", "valueCoding": PTSD}]}]},
]
SILENT: list[Json] = [
    {"type": [{"text": "GP Surgery"}]},
    {
        "type": [
            {"coding": [{**GENERIC, "display": "Telephone encounter"}], "text": "Telephone call"}
        ]
    },
    {"type": [{"coding": [GENERIC]}]},
    {"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
    {"class": {"code": "IMP", "display": "inpatient encounter"}},
    {},
]


@pytest.mark.parametrize("fields", TELLING)
def test_a_consultation_whose_sort_may_tell_of_a_hidden_member_is_looked_at(fields: Json) -> None:
    hidden, survivor = (observation(name, context=ref("Encounter/e")) for name in ("x", "survivor"))
    found = outcomes(first(encounter("e", **fields), nopat(hidden), survivor))
    assert found == {
        "e": "HELD LINKED",
        "x": "WITHHELD SOURCE_NOPAT",
        "survivor": "RELEASED_REDACTED POINTERS_DROPPED",
    }


@pytest.mark.parametrize("fields", SILENT)
def test_what_sort_of_consultation_it_was_tells_of_no_member(fields: Json) -> None:
    inside = nopat(observation("x", context=ref("Encounter/e")))
    assert outcomes(first(encounter("e", **fields), inside))["e"] == "RELEASED"


@pytest.mark.parametrize("fields", TELLING)
def test_what_sort_it_was_is_shown_with_no_member_hidden_whatever_the_level(fields: Json) -> None:
    made = entry(read(encounter("e", **fields)), "Encounter/e")
    assert ElementKind.FREE_TEXT not in {one.kind for one in made.elements}
    assert ElementKind.TITLE in {one.kind for one in made.elements}
    assert {*fields} <= {*json.loads(made.body)}


SECONDARY = {
    "system": "https://fhir.hl7.org.uk/STU3/CodeSystem/GPConnect-SecondaryListValues-1",
    "code": "problems-medications-related-to-problems",
}


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ({"text": "Injuries from the assault"}, "HELD LINKED"),
        ({"coding": [PTSD]}, "HELD LINKED"),
        ({"coding": [{"code": "24781000000107", "display": "Category (EHR)"}]}, "RELEASED_REDACTED POINTERS_DROPPED"),
        ({"coding": [{**SECONDARY, "display": "Problems - medications related to problems"}]},
         "RELEASED_REDACTED POINTERS_DROPPED"),
        ({"coding": [{**SECONDARY, "display": "Problems - the assault"}]}, "HELD LINKED"),
        (None, "RELEASED_REDACTED POINTERS_DROPPED"),
    ],
)  # fmt: skip
def test_the_code_of_a_list_goes_like_its_title(code: Json | None, becomes: str) -> None:
    lists = listing("l", "Observation/x", "Observation/survivor", code=code)
    assert outcomes(first(lists, nopat(observation("x")), SURVIVOR))["l"] == becomes


def test_the_category_of_a_care_plan_goes_like_a_title() -> None:
    plan = thing("CarePlan", "c", status="active", intent="plan", category=[{"coding": [PTSD]}])
    plan |= {"activity": [{"reference": ref("ServiceRequest/s")}], "created": AT}
    asked = thing("ServiceRequest", "s", status="active", intent="order", authoredOn=AT)
    assert outcomes(first(plan, nopat(asked)))["c"] == "HELD LINKED"
    assert outcomes(first(plan, asked))["c"] == "RELEASED"


@pytest.mark.parametrize("field", ["codedDiagnosis", "conclusionCode"])
def test_a_diagnosis_of_a_report_goes_like_its_conclusion(field: str) -> None:
    report = thing(
        "DiagnosticReport", "r", status="final", issued=AT, result=[ref("Observation/x")]
    )
    made = entry(read({**report, field: [DIAGNOSIS]}, observation("x")), "DiagnosticReport/r")
    assert (ElementKind.FREE_TEXT, f"/{field}/0") in {(e.kind, e.pointer) for e in made.elements}


def allergy(name: str, substance: str, **fields: Any) -> Json:
    dates = {"assertedDate": AT, "clinicalStatus": "active", "verificationStatus": "confirmed"}
    return thing("AllergyIntolerance", name, code={"text": substance}, **dates, **fields)


@pytest.mark.parametrize(
    "names",
    [{"name": "k", "other": "l"}, {"name": None, "other": None}],
)
def test_two_lists_may_each_contain_their_own_number_one(names: dict[str, str | None]) -> None:
    codes = [{"coding": [{"code": code}]} for code in ("active", "ended")]
    record = read(
        listing(names["name"], "#1", contained=[allergy("1", "Nuts")], code=codes[0]),
        listing(names["other"], "#1", contained=[allergy("1", "Eggs")], code=codes[1]),
        SURVIVOR,
    )
    found = [one for one in record.entries if "AllergyIntolerance/" in one.entry_id]
    assert sorted(word for one in found for word in ("Eggs", "Nuts") if word in shown(one)) == [
        "Eggs",
        "Nuts",
    ]
    assert len({one.entry_id for one in found}) == 2
    assert not any(map(is_held, found))
    assert survivor_is_untouched(record)


def test_what_the_source_identifies_keeps_its_id_outside_its_list() -> None:
    known = allergy("28", "Nuts", identifier=[{"system": "x", "value": "28"}])
    record = read(listing("l", "#28", contained=[known]))
    assert not is_held(entry(record, "AllergyIntolerance/28"))


def test_what_is_lifted_out_of_a_list_keeps_what_it_refers_to_there() -> None:
    drug = {"resourceType": "Medication", "id": "2", "code": {"text": "Aspirin"}}
    dates = {"dateAsserted": AT, "status": "active", "taken": "unk"}
    made = thing("MedicationStatement", "1", medicationReference=ref("#2"), **dates)
    record = read(listing("l", "#1", contained=[made, drug]), SURVIVOR)
    one = entry(record, "MedicationStatement/l.1")
    assert "Aspirin" in shown(one)
    assert not is_held(one)


def test_one_id_twice_in_a_list_is_a_conflict() -> None:
    inside = [allergy("1", "Nuts"), allergy("1", "Eggs")]
    record = read(listing("l", "#1", contained=inside), SURVIVOR)
    assert is_held(entry(record, "AllergyIntolerance/l.1"))
    assert survivor_is_untouched(record)


def test_no_gap_in_the_names_of_what_is_contained_tells_of_what_was_left_out() -> None:
    kept = [{"resourceType": "Specimen", "id": name} for name in ("a", "c")]
    inside = [kept[0], nopat({"resourceType": "Specimen", "id": "b"}), kept[1]]
    body = json.loads(shown(entry(read(observation("x", contained=inside)), "Observation/x")))
    assert [one["id"] for one in body["contained"]] == ["own-1", "own-2"]


# ---- panels cut apart
HALVES = [
    {"related": [{"type": "has-member", "target": ref(f"Observation/{one}")} for one in "sd"]},
    {"hasMember": [ref("Observation/s"), ref("Observation/d")]},
]


@pytest.mark.parametrize("members", HALVES)
def test_a_panel_hidden_in_another_bundle_hides_both_halves_that_it_alone_names(
    members: Json,
) -> None:
    halves = first(observation("s"), observation("d"), SURVIVOR)
    panel = second(nopat(observation("p", **members)))
    hidden = "WITHHELD SOURCE_NOPAT"
    for order in ([halves, panel], [panel, halves]):
        assert outcomes(*order) == {"s": hidden, "d": hidden, "p": hidden, "survivor": "RELEASED"}


@pytest.mark.parametrize("members", HALVES)
def test_a_half_hidden_in_another_bundle_hides_its_panel_and_the_other_half(members: Json) -> None:
    panel = first(observation("p", **members), observation("d"), SURVIVOR)
    half = second(nopat(observation("s")))
    for order in ([half, panel], [panel, half]):
        hidden = dict.fromkeys("psd", "WITHHELD SOURCE_NOPAT")
        assert outcomes(*order) == {**hidden, "survivor": "RELEASED"}


def test_a_part_is_hidden_with_what_it_is_part_of_in_another_bundle() -> None:
    part = first(observation("s", partOf=[ref("Observation/p")]), SURVIVOR)
    whole = second(nopat(observation("p")))
    for order in ([part, whole], [whole, part]):
        found = outcomes(*order)
        assert (found["s"], found["survivor"]) == ("WITHHELD SOURCE_NOPAT", "RELEASED")
