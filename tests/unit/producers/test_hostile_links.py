"""What is said about an entry elsewhere, and by what odd references, counts for it."""

import pytest

from recordgate_schemas.entry import Kind
from tests.unit.producers.bundles import (
    AT,
    Json,
    encounter,
    entry,
    nopat,
    observation,
    read,
    ref,
    thing,
)
from tests.unit.producers.decided import outcomes
from tests.unit.producers.hostile import SURVIVOR, is_held, victim

FIRST, SECOND = "2026-09-01T06:00:00Z", "2026-09-02T06:00:00Z"
HIDDEN = "WITHHELD SOURCE_NOPAT"
LABEL = [{"code": "NOPAT"}]
X = ref("Observation/x")
PRIVACY = {"resourceType": "Consent", "id": "m", "status": "active", "patient": ref("Patient/p")}

ABOUT: list[Json] = [
    nopat({"resourceType": "Provenance", "id": "m", "target": [X]}),
    {"resourceType": "Provenance", "id": "m", "target": [X], "activity": {"coding": LABEL}},
    {"resourceType": "AuditEvent", "id": "m", "entity": [{"what": X, "securityLabel": LABEL}]},
    {"resourceType": "AuditEvent", "id": "m", "entity": [{"reference": X, "securityLabel": LABEL}]},
    {**PRIVACY, "provision": {"securityLabel": LABEL, "data": [{"meaning": "instance", "reference": X}]}},
    {**PRIVACY, "securityLabel": LABEL, "data": [{"meaning": "instance", "reference": X}]},
    nopat({"resourceType": "MessageHeader", "id": "m", "focus": [X]}),
    nopat({"resourceType": "MessageHeader", "id": "m", "data": [X]}),
    nopat({"resourceType": "Basic", "id": "m", "code": {"text": "x"}, "subject": X}),
]  # fmt: skip


@pytest.mark.parametrize("about", ABOUT)
def test_a_label_on_what_is_recorded_about_an_entry_covers_it(about: Json) -> None:
    found = outcomes(read(about, observation("x"), SURVIVOR))
    assert (found["x"], found["survivor"]) == (HIDDEN, "RELEASED")


@pytest.mark.parametrize("about", ABOUT[0:1] + ABOUT[6:])
def test_an_entry_without_a_label_on_what_is_about_it_is_shown(about: Json) -> None:
    plain = {key: value for key, value in about.items() if key != "meta"}
    assert outcomes(read(plain, observation("x")))["x"] == "RELEASED"


@pytest.mark.parametrize("labelled", ["x", "y"])
def test_entries_that_a_linkage_says_are_one_have_one_label(labelled: str) -> None:
    item = [
        {"type": "source", "resource": X},
        {"type": "alternate", "resource": ref("Observation/y")},
    ]
    linkage = {"resourceType": "Linkage", "id": "m", "item": item}
    both = [observation("x"), observation("y")]
    made = [nopat(one) if one["id"] == labelled else one for one in both]
    found = outcomes(read(linkage, *made, SURVIVOR))
    assert (found["x"], found["y"], found["survivor"]) == (HIDDEN, HIDDEN, "RELEASED")


def letter(name: str, code: str = "", other: str = "") -> Json:
    related = [{"code": code, "target": ref(f"DocumentReference/{other}")}] if other else None
    content = [{"attachment": {"title": "Letter"}}]
    made = {"status": "current", "docStatus": "final", "indexed": AT, "content": content}
    return thing("DocumentReference", name, relatesTo=related, **made)


@pytest.mark.parametrize("code", ["replaces", "transforms", "signs", "appends", "", "zzz"])
def test_what_repeats_or_adds_to_a_hidden_document_is_hidden(code: str) -> None:
    found = outcomes(read(letter("x", code, "y"), nopat(letter("y")), letter("z")))
    assert found == {"x": HIDDEN, "y": HIDDEN, "z": "RELEASED"}


@pytest.mark.parametrize("code", ["replaces", "transforms", "signs"])
def test_a_document_is_hidden_with_the_one_that_repeats_it(code: str) -> None:
    assert outcomes(read(nopat(letter("x", code, "y")), letter("y"))) == {"x": HIDDEN, "y": HIDDEN}


def test_a_document_is_not_hidden_with_what_is_added_to_it() -> None:
    found = outcomes(read(nopat(letter("x", "appends", "y")), letter("y")))
    assert found == {"x": HIDDEN, "y": "RELEASED"}


@pytest.mark.parametrize(
    "about",
    [
        letter("x", "replaces", "y"),
        letter("x", "appends", "y"),
        {**letter("x"), "context": {"related": [ref("DocumentReference/y")]}},
        {**letter("x"), "context": {"related": [{"ref": ref("DocumentReference/y")}]}},
    ],
)
def test_a_document_that_names_what_is_hidden_in_another_bundle_is_looked_at(about: Json) -> None:
    named = read(about, letter("z"), timestamp=FIRST)
    hidden = read(nopat(letter("y")), timestamp=SECOND)
    for order in ([named, hidden], [hidden, named]):
        assert outcomes(*order) == {"x": "HELD LINKED", "y": HIDDEN, "z": "RELEASED"}


@pytest.mark.parametrize(
    "target", ["Encounter/e|2", "./Encounter/e", "Encounter/%65", "Encounter/e|2.0#x"]
)
def test_a_reference_with_a_version_names_its_consultation(target: str) -> None:
    inside = observation("x", context=ref(target))
    found = outcomes(read(nopat(encounter("e")), inside, SURVIVOR))
    assert found == {"e": HIDDEN, "x": HIDDEN, "survivor": "RELEASED"}


@pytest.mark.parametrize(
    "context",
    [
        {"display": "the consultation"},
        {"type": "Encounter"},
        {"_reference": {"extension": [{"url": "x", "valueUri": "Encounter/e"}]}, "display": "x"},
        ref("Encounter?identifier=x"),
        ref("Encounter/e\u200b"),
        {"identifier": {"system": "s", "value": "1"}},
    ],
)
@pytest.mark.parametrize("field", ["context", "encounter"])
def test_a_consultation_that_is_not_identified_may_be_hidden(field: str, context: Json) -> None:
    found = outcomes(read(nopat(encounter("e")), observation("x", **{field: context}), SURVIVOR))
    assert found == {"e": HIDDEN, "x": "HELD UNKNOWN_LABEL", "survivor": "RELEASED"}


def test_an_extension_with_a_value_and_extensions_is_not_understood() -> None:
    inner = [{"url": "y", "valueString": "Words"}]
    both = {"url": "https://fhir.hl7.org.uk/Extension", "valueString": "x", "extension": inner}
    made = victim(read(observation("x", extension=[both])))
    assert is_held(made)
    assert b"Words" not in made.body


STAFF_WITH_A_PATIENTS_NUMBER: list[Json] = [
    {"resourceType": "Practitioner", "name": [{"family": "Mary"}],
     "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000026"}]},
    {"resourceType": "Practitioner", "name": [{"text": "Mary 999 000 0026"}]},
    {"resourceType": "Organization", "name": "Family of 9990000026"},
    {"resourceType": "PractitionerRole", "code": [{"text": "mother of 9990000026"}]},
]  # fmt: skip


@pytest.mark.parametrize("contained", [False, True])
@pytest.mark.parametrize("staff", STAFF_WITH_A_PATIENTS_NUMBER)
def test_staff_with_another_patients_number_is_somebody(staff: Json, contained: bool) -> None:
    one = {**staff, "id": "s"}
    target = ref("#s" if contained else f"{staff['resourceType']}/s")
    made = observation("x", performer=[target], contained=[one] if contained else None)
    record = read(made, SURVIVOR, *([] if contained else [one]))
    found = outcomes(record)
    assert found == {"x": "HELD THIRD_PARTY", "survivor": "RELEASED"}


def test_numbers_of_staff_that_are_no_patients_hold_nothing() -> None:
    numbers = [{"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "9990000026"}]
    telecom = [{"system": "phone", "value": "9990000026"}]
    staff = {"resourceType": "Practitioner", "id": "s", "name": [{"family": "Mary"}]}
    made = observation("x", performer=[ref("Practitioner/s")])
    record = read(made, {**staff, "identifier": numbers, "telecom": telecom})
    assert outcomes(record) == {"x": "RELEASED"}


@pytest.mark.parametrize("intent", ["plan", "PLAN", " plan "])
def test_a_plan_is_a_diary_entry_in_every_spelling(intent: str) -> None:
    made = thing("ServiceRequest", "x", status="active", intent=intent, authoredOn=AT)
    assert entry(read(made), "ServiceRequest/x").kind is Kind.DIARY
