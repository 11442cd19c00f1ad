"""Bodies: complete in themselves, always the same bytes, and nothing in them that identifies or gives away."""

import copy
import random
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from recordgate_producers.fhir import Given, extract
from recordgate_schemas.entry import ElementKind
from recordgate_schemas.values import NhsNumber
from tests.unit.producers.bundles import (
    NUMBER,
    bundle,
    encounter,
    entry,
    listing,
    observation,
    read,
    ref,
    thing,
)


def body(resource: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    found = entry(read(resource, *others), f"{resource['resourceType']}/{resource['id']}")
    document: dict[str, Any] = orjson.loads(found.body)
    return document


def test_people_places_and_drugs_are_inside_without_their_addresses() -> None:
    doctor = {
        "resourceType": "Practitioner", "id": "d", "name": [{"family": "Winslade"}],
        "telecom": [{"value": "0100"}], "address": [{"city": "x"}], "birthDate": "1970-01-01",
    }  # fmt: skip
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": ref("Practitioner/d"),
        "organization": ref("Organization/o"),
    }
    found = body(observation("x", performer=[ref("PractitionerRole/r")]), doctor, role)
    assert found["performer"] == [{"reference": "#practitionerrole-1"}]
    assert {one["id"]: one for one in found["contained"]} == {
        "practitionerrole-1": {
            "resourceType": "PractitionerRole", "id": "practitionerrole-1",
            "organization": {"reference": "#organization-1"}, "practitioner": {"reference": "#practitioner-1"},
        },
        "organization-1": {"resourceType": "Organization", "id": "organization-1", "name": "Invented"},
        "practitioner-1": {"resourceType": "Practitioner", "id": "practitioner-1", "name": [{"family": "Winslade"}]},
    }  # fmt: skip


def test_what_a_resource_contains_itself_stays_inside_under_a_neutral_name_and_people_do_not() -> (
    None
):
    drug = {"resourceType": "Medication", "id": f"drug-{NUMBER}", "code": {"text": "Salbutamol"}}
    who = {"resourceType": "Patient", "id": "who", "name": [{"family": "X"}]}
    request = thing(
        "MedicationRequest", "m", contained=[drug, who], medicationReference=ref(f"#drug-{NUMBER}")
    )
    found = body({**request, "recorder": ref("#who")})
    assert found["medicationReference"] == {"reference": "#own-1"}
    assert [one["id"] for one in found["contained"]] == ["own-1"]
    assert "recorder" not in found


def test_the_same_drug_under_a_new_id_is_the_same_body() -> None:
    def request(drug: str) -> dict[str, Any]:
        medication = {"resourceType": "Medication", "id": drug, "code": {"text": "Salbutamol"}}
        return body(
            thing("MedicationRequest", "m", medicationReference=ref(f"Medication/{drug}")),
            medication,
        )

    assert request("old-id") == request("new-id")


def test_identifiers_labels_and_list_warnings_stay_out() -> None:
    warning = {
        "url": "https://x/Extension-CareConnect-GPC-ListWarningCode-1",
        "valueCode": "confidential-items",
    }
    found = body(
        listing(
            "l", extension=[warning], note=[{"text": "Items excluded"}], identifier=[{"value": "v"}],
            meta={"security": [{"code": "R"}], "versionId": "7", "profile": ["p"]},
            emptyReason={"coding": [{"code": "withheld"}]},
        )
    )  # fmt: skip
    assert found.keys() == {"resourceType", "id", "meta", "status", "date", "subject"}
    assert found["meta"] == {"profile": ["p"]}


def test_a_warning_in_words_stays_out_too_and_an_ordinary_note_stays_in() -> None:
    words = "Items excluded due to confidentiality and/or patient preferences."
    assert "note" not in body(listing("l", note=[{"text": words}]))
    assert body(listing("l", note=[{"text": "Doing well"}]))["note"] == [{"text": "Doing well"}]


def test_references_are_kept_only_where_they_mean_something() -> None:
    found = body(
        observation(
            "x", context=ref("Encounter/e"), performer=[{**ref("Practitioner/gone"), "display": "Dr Gone"}],
            focus=[ref("Patient/other")], basedOn=[ref("Not supported by the provider system")],
        )
    )  # fmt: skip
    assert found["context"] == {"reference": "Encounter/e"}
    assert found["performer"] == [{"display": "Dr Gone"}]
    assert found["subject"] == {"reference": "Patient/self"}
    assert not {"focus", "basedOn"} & found.keys()


def test_urn_references_become_relative_ones() -> None:
    made = bundle()
    nameless = observation("x", context=ref("urn:uuid:11"))
    del nameless["id"]
    made["entry"] += [
        {"fullUrl": "urn:uuid:11", "resource": encounter("e")},
        {
            "fullUrl": "urn:uuid:22",
            "resource": {
                k: v for k, v in observation("x", context=ref("urn:uuid:11")).items() if k != "id"
            },
        },
    ]
    found = orjson.loads(entry(extract(made), "Observation/22").body)
    assert (found["id"], found["context"]) == ("22", {"reference": "Encounter/e"})


def test_a_field_with_the_patients_number_is_left_out_whole_and_reported() -> None:
    spaced = f"NHS no. {NUMBER[:3]} {NUMBER[3:6]}-{NUMBER[6:]} seen today"
    record = read(
        observation("x", comment=spaced, valueInteger=int(NUMBER), note=[{"text": "kept"}])
    )
    found = orjson.loads(record.entries[0].body)
    assert not {"comment", "valueInteger"} & found.keys()
    assert found["note"] == [{"text": "kept"}]
    assert {one.text.partition(":")[0] for one in record.notices} == {
        "Observation.comment",
        "Observation.value[x]",
    }


def test_an_id_with_the_patients_number_is_refused() -> None:
    record = read(
        observation(f"obs-{NUMBER}"),
        observation("y", related=[{"type": "x", "target": ref(f"Observation/{NUMBER}")}]),
    )
    assert [one.entry_id for one in record.entries] == ["Y90003:fhir:Observation/y"]
    assert NUMBER not in repr([record.resources, record.notices, record.entries])


TEXTS = [NUMBER, f"x {NUMBER} y", "", "NOPAT", "Patient/p", "#x", "urn:uuid:1"]
KEYS = """
    reference coding code system status extension url meta security subject contained resourceType id related
    type target note text identifier value display entry item result issued period start
"""
FIELDS = """
    code subject status extension related contained meta identifier note entry context text issued basedOn
    component category medicationReference comment
"""
TYPES = "Observation List Condition Encounter MedicationRequest DocumentReference Odd"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(TEXTS) | st.text(max_size=8),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS.split(), NUMBER]), part, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS.split()), JSON, max_size=6),
    kind=st.sampled_from(TYPES.split()),
)
def test_whatever_a_resource_holds_it_is_accounted_for_and_no_body_carries_the_number(
    fields: dict[str, Any], kind: str
) -> None:
    record = read({"resourceType": kind, "id": "x", **fields}, observation("y"))
    assert len(record.resources) >= 4
    assert all(NUMBER.encode() not in one.body for one in record.entries)
    assert len(record.entries) == sum(one.outcome == "published" for one in record.resources)


def test_the_same_record_gives_the_same_bytes_however_it_is_written() -> None:
    made = bundle(
        encounter("e"),
        observation("x", context=ref("Encounter/e"), comment="é", valueQuantity={"value": 1.50}),
    )
    shuffled = copy.deepcopy(made)
    for one in shuffled["entry"]:
        items = list(one["resource"].items())
        random.Random(1).shuffle(items)
        one["resource"] = dict(items)
    assert extract(copy.deepcopy(made)) == extract(shuffled)


def test_an_unchanged_resource_has_the_same_body_in_a_later_extract() -> None:
    early, late = (
        read(observation("x"), timestamp=at)
        for at in ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z")
    )
    assert early.entries[0].body == late.entries[0].body
    assert early.entries[0].version < late.entries[0].version


def test_neither_the_number_given_nor_the_one_written_is_in_a_body() -> None:
    other = "9990000026"
    record = read(
        observation("x", comment=f"{NUMBER}", note=[{"text": other}]),
        given=Given(nhs_number=NhsNumber.parse(other)),
    )
    assert not any(n.encode() in record.entries[0].body for n in (NUMBER, other))


def test_an_entry_named_inside_a_contained_resource_is_dropped_without_the_resource() -> None:
    """The whole contained resource gone, what names it would name nothing."""
    part = {
        "resourceType": "Observation",
        "id": "part",
        "context": ref("Encounter/e"),
        "related": [{"target": ref("Observation/a")}],
    }
    report = thing("DiagnosticReport", "r", status="final", result=[ref("#part")])
    found = entry(read({**report, "contained": [part]}), "DiagnosticReport/r")
    pointers = {element.pointer for element in found.elements if element.entry_id}
    assert pointers == {"/contained/0/context", "/contained/0/related/0"}


def test_what_is_said_again_beside_a_free_text_is_free_text_too() -> None:
    again = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/translation", "valueString": "typed"}
        ]
    }
    found = entry(read(observation("x", comment="typed", _comment=again)), "Observation/x")
    free = [one.pointer for one in found.elements if one.kind is ElementKind.FREE_TEXT]
    assert sorted(free) == ["/_comment", "/comment"]
