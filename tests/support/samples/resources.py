"""Builders for GP Connect shaped STU3 resources, just enough for the sample records. Everything is invented."""

from typing import Any

Json = dict[str, Any]

PRACTICE = "Y90002"
PATIENT = "Patient/1"
SNOMED = "http://snomed.info/sct"
ACT_CODE = "http://hl7.org/fhir/v3/ActCode"
_PROFILE = "https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-{}-1"
_EXTENSION = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-{}-1"
_IDENTIFIER = "https://records.example/Y90002"


def resource(kind: str, name: str, **fields: Any) -> Json:
    """Return a resource about the sample patient; fields that are None are left out."""
    whose = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    found = {
        "resourceType": kind,
        "id": name,
        "meta": {"profile": [_PROFILE.format(kind)]},
        "identifier": [{"system": _IDENTIFIER, "value": f"{kind}-{name}"}],
        whose: {"reference": PATIENT},
        **fields,
    }
    return {key: value for key, value in found.items() if value is not None}


def labelled(labelled_resource: Json, code: str = "NOPAT", system: str = ACT_CODE) -> Json:
    """Return the resource with a security label."""
    label = {"system": system, "code": code}
    return {**labelled_resource, "meta": {**labelled_resource["meta"], "security": [label]}}


def concept(code: str, display: str) -> Json:
    """Return a coded concept."""
    return {"coding": [{"system": SNOMED, "code": code, "display": display}]}


def ref(kind: str, name: str) -> Json:
    """Return a reference."""
    return {"reference": f"{kind}/{name}"}


def bundle(
    extracted: str, number: str, born: str, names: tuple[str, str], *resources: Json
) -> Json:
    """Return a structured record: patient, practice, staff, then the resources."""
    profile = "https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-StructuredRecord-Bundle-1"
    everything = (patient(number, born, *names), *_practice(), *resources)
    return {
        "resourceType": "Bundle",
        "id": f"sample-{number[-2:]}",
        "meta": {"lastUpdated": extracted, "profile": [profile]},
        "type": "collection",
        "entry": [{"resource": one} for one in everything],
    }


def patient(number: str, born: str, given: str, family: str) -> Json:
    """Return a patient registered since 2020 whose number is verified."""
    verified = {
        "coding": [
            {
                "system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-NHSNumberVerificationStatus-1",
                "code": "01",
            }
        ]
    }
    return {
        "resourceType": "Patient",
        "id": "1",
        "meta": {"profile": [_PROFILE.format("Patient")]},
        "extension": [
            {
                "url": _EXTENSION.format("RegistrationDetails"),
                "extension": [
                    {"url": "registrationPeriod", "valuePeriod": {"start": "2020-02-03"}}
                ],
            }
        ],
        "identifier": [
            {
                "extension": [
                    {
                        "url": _EXTENSION.format("NHSNumberVerificationStatus"),
                        "valueCodeableConcept": verified,
                    }
                ],
                "system": "https://fhir.nhs.uk/Id/nhs-number",
                "value": number,
            }
        ],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "birthDate": born,
        "managingOrganization": ref("Organization", "practice"),
    }


def _practice() -> tuple[Json, ...]:
    ods = {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": PRACTICE}
    return (
        {
            "resourceType": "Organization",
            "id": "practice",
            "identifier": [ods],
            "name": "Marsh Lane Surgery",
        },
        {
            "resourceType": "Practitioner",
            "id": "gp",
            "name": [
                {"use": "official", "family": "Winslade", "given": ["Priya"], "prefix": ["Dr"]}
            ],
        },
        {
            "resourceType": "Practitioner",
            "id": "nurse",
            "name": [{"use": "official", "family": "Dunmore", "given": ["Ellis"]}],
        },
    )


def consultation(
    name: str, start: str, title: str, *items: str, status: str = "finished"
) -> tuple[Json, Json]:
    """Return an encounter and the list that holds its entries, `items` being `Type/id`."""
    encounter = resource(
        "Encounter",
        name,
        status=status,
        type=[{"text": title}],
        participant=[{"individual": ref("Practitioner", "gp")}],
        period={"start": start},
        serviceProvider=ref("Organization", "practice"),
    )
    listed = resource(
        "List",
        f"{name}-list",
        status="current",
        mode="snapshot",
        title=title,
        code=concept("325851000000107", "Consultation"),
        encounter=ref("Encounter", name),
        date=start,
        entry=[{"item": {"reference": item}} for item in items],
    )
    return encounter, listed


def observation(name: str, at: str, code: tuple[str, str], **fields: Any) -> Json:
    """Return a final observation made and recorded `at`, unless `fields` say otherwise."""
    return resource(
        "Observation",
        name,
        **{
            "status": "final",
            "code": concept(*code),
            "effectiveDateTime": at,
            "issued": at,
            "performer": [ref("Practitioner", "gp")],
            **fields,
        },
    )


def section(title: str, *items: str, warning: str | None = None) -> Json:
    """Return a section list: no id, and maybe a warning meant for clinicians."""
    found = resource(
        "List",
        "",
        status="current",
        title=title,
        entry=[{"item": {"reference": item}} for item in items],
        extension=[{"url": _EXTENSION.format("ListWarningCode"), "valueCode": warning}]
        if warning
        else None,
        note=[{"text": "Items excluded due to confidentiality and/or patient preferences."}]
        if warning
        else None,
    )
    return {key: value for key, value in found.items() if key not in ("id", "identifier")}


def quantity(value: float, unit: str) -> Json:
    """Return an amount."""
    return {"value": value, "unit": unit}


def extension(name: str, reference: Json) -> Json:
    """Return an extension that names another resource."""
    return {"url": _EXTENSION.format(name), "valueReference": reference}
