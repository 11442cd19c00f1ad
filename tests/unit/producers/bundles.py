"""Small Bundles for tests: a patient, a practice, and what a test adds."""

from typing import Any

from recordgate_producers.fhir import Extract, Given, extract
from recordgate_schemas.control import EntryHidden
from recordgate_schemas.entry import ClinicalEntry

Json = dict[str, Any]

NUMBER = "9990000018"
GPC = "https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-Thing-1"
ACT_CODE = "http://hl7.org/fhir/v3/ActCode"
AT = "2026-03-02T09:00:00+00:00"


def patient(**fields: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": NUMBER}],
        "birthDate": "1980-01-01",
        "managingOrganization": {"reference": "Organization/o"},
        **fields,
    }


def practice() -> Json:
    ods = {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Y90003"}
    return {"resourceType": "Organization", "id": "o", "identifier": [ods], "name": "Invented"}


def thing(kind: str, name: str, **fields: Any) -> Json:
    whose = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    made = {"resourceType": kind, "id": name, whose: {"reference": "Patient/p"}}
    return {key: value for key, value in {**made, **fields}.items() if value is not None}


def observation(name: str, **fields: Any) -> Json:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}
    return thing("Observation", name, **{"status": "final", "code": code, "issued": AT, **fields})


def encounter(name: str, **fields: Any) -> Json:
    return thing("Encounter", name, **{"status": "finished", "period": {"start": AT}, **fields})


def listing(name: str | None, *items: str, **fields: Any) -> Json:
    made = thing("List", name or "", status="current", date=AT, **fields)
    made["entry"] = [{"item": {"reference": item}} for item in items]
    return {key: value for key, value in made.items() if value != ""}


def ref(target: str) -> Json:
    return {"reference": target}


def nopat(resource: Json, system: str = ACT_CODE) -> Json:
    return {**resource, "meta": {"security": [{"system": system, "code": "NOPAT"}]}}


def bundle(*resources: Json, **fields: Any) -> Json:
    everything = (patient(), practice(), *resources)
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": "2026-09-01T06:00:00Z",
        **fields,
        "entry": [{"resource": one} for one in everything],
    }


def read(*resources: Json, given: Given | None = None, **fields: Any) -> Extract:
    return extract(bundle(*resources, **fields), given or Given())


def extract_of(who: Json, *resources: Json) -> Extract:
    """Read a Bundle of another patient than the usual one."""
    made = bundle(*resources)
    made["entry"][0]["resource"] = {key: value for key, value in who.items() if value is not None}
    return extract(made)


def entry(record: Extract, key: str) -> ClinicalEntry:
    return next(one for one in record.entries if one.entry_id.endswith(f":{key}"))


def hidden(record: Extract) -> set[str]:
    """Keys of the entries that carry a NOPAT label."""
    return {
        one.entry_id.split(":")[2]
        for one in record.entries
        if any(label.code == "NOPAT" for label in one.labels)
    }


def hide_roots(record: Extract) -> dict[str, set[str]]:
    """Root key to related keys of every hide."""
    found: dict[str, set[str]] = {}
    for control in record.hides:
        assert isinstance(control.change, EntryHidden)
        found[control.change.entry_id.split(":")[2]] = {
            one.split(":")[2] for one in control.change.related
        }
    return found
