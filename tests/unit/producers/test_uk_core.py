"""Ordinary resources after the UK Core R4 profiles are shown, however their suppliers spell what means the same."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recordgate_producers.fhir import extract
from recordgate_producers.fhir.types import is_entry
from tests.unit.producers.bundles import Json, ref
from tests.unit.producers.decided import outcomes

SHAPES = json.loads((Path(__file__).parents[2] / "data" / "uk_core.json").read_bytes())
TAKEN_BACK = {"potassium": "WITHHELD IN_ERROR"}
"""The one result that its laboratory cancelled."""

STAFF = ("recorder", "requester", "source", "informationSource")
LISTED_STAFF = ("resultsInterpreter", "author")


def of_each(change: Callable[[Json], None]) -> Json:
    """The shapes, each entry changed in one way."""
    made: Json = copy.deepcopy(SHAPES)
    for resource in (one["resource"] for one in made["entry"]):
        if is_entry(resource["resourceType"]) and resource["resourceType"] != "Patient":
            change(resource)
    return made


def with_staff(**written: Any) -> Json:
    """The shapes with every reference to staff written like this."""

    def change(resource: Json) -> None:
        resource |= {name: written for name in STAFF if name in resource}
        resource |= {name: [written] for name in LISTED_STAFF if name in resource}

    return of_each(change)


def without_a_day_of_recording(resource: Json) -> None:
    for name in ("recordedDate", "issued", "recorded"):
        resource.pop(name, None)


def with_the_patients_name(resource: Json) -> None:
    subject = resource.get("subject") or resource["patient"]
    subject |= {"type": "Patient", "display": "Ms Ada Fixture"}


def in_an_encounter_elsewhere(resource: Json) -> None:
    if "encounter" in resource:
        resource["encounter"] = ref("Encounter/elsewhere")


def written_lately(resource: Json) -> None:
    resource["meta"] |= {"versionId": "3", "lastUpdated": "2026-08-30T00:00:00Z"}


def normal(resource: Json) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    resource["meta"]["security"] = [{"system": system, "code": "N"}]


def named_by_uuid() -> Json:
    """The shapes with `urn:uuid:` addresses in place of ids that speak."""
    text = json.dumps(SHAPES)
    for place, one in enumerate(SHAPES["entry"]):
        kind, name = one["resource"]["resourceType"], one["resource"]["id"]
        uuid = f"00000000-0000-4000-8000-{place:012}"
        text = text.replace(f'"reference": "{kind}/{name}"', f'"reference": "urn:uuid:{uuid}"')
        text = text.replace(one["fullUrl"], f"urn:uuid:{uuid}")
    return dict(json.loads(text))


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param(SHAPES, id="as they are"),
        pytest.param(of_each(without_a_day_of_recording), id="without a day of recording"),
        pytest.param(of_each(with_the_patients_name), id="with the patient's name"),
        pytest.param(of_each(in_an_encounter_elsewhere), id="in an encounter elsewhere"),
        pytest.param(of_each(written_lately), id="written lately"),
        pytest.param(of_each(normal), id="labelled as normal"),
        pytest.param(with_staff(display="Dr Gwen Sample"), id="staff by name"),
        pytest.param(with_staff(reference="Practitioner/elsewhere"), id="staff elsewhere"),
        pytest.param(named_by_uuid(), id="named by uuid"),
    ],
)
def test_ordinary_resources_after_the_uk_core_profiles_are_shown(shapes: Json) -> None:
    found = outcomes(extract(shapes))
    assert len(found) == 24
    kept = {name: why for name, why in found.items() if not why.startswith("RELEASED")}
    assert kept == TAKEN_BACK


def test_the_shapes_are_of_every_type_that_uk_core_has_for_entries() -> None:
    types = {one["resource"]["resourceType"] for one in SHAPES["entry"]}
    assert types >= {
        "AllergyIntolerance",
        "Condition",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "Immunization",
        "List",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Procedure",
        "ServiceRequest",
    }
