"""What each FHIR resource type is to a GP record: an entry, part of other entries' bodies, or neither."""

from recordgate_schemas.entry import Kind

CONTAINED_FIELDS = {
    "HealthcareService": ("name", "type"),
    "Location": ("name",),
    "Medication": ("amount", "code", "form", "ingredient"),
    "Organization": ("name", "type"),
    "Practitioner": ("name",),
    "PractitionerRole": ("code", "organization", "practitioner"),
    "Specimen": ("collection", "condition", "note", "receivedTime", "status", "subject", "type"),
}
"""Types that only mean something inside an entry, and what of them a patient gets: no address, no telephone."""

CONTENT = "Binary"
"""The type of resource that is what an attachment says, and is published in it."""

PARTS = frozenset({*CONTAINED_FIELDS, CONTENT})
"""Types that are published in other entries alone."""

MOST_CONTENT = 4 * 1024 * 1024
"""Bytes of such content, base64, that one entry takes in: half of what an entry may have."""

SPARED = frozenset({"Specimen"})
"""Types whose label hides them and nothing else: what refers to them can be shown without them."""

PEOPLE = frozenset({"Group", "Patient", "Person", "RelatedPerson"})
"""Types that stand for somebody who is not there as staff."""

STAFF = frozenset(
    {"HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"}
)
"""Types whose names and addresses are those of the service."""

THINGS = STAFF | {"CareTeam", "Device", "Endpoint", "Medication", "Specimen", "Substance"}
"""Types whose names say nothing about an entry or a person in private life."""

SKIPPED = {
    "Patient": "identity, not an entry",
    "Claim": "not part of a GP record",
    "ExplanationOfBenefit": "not part of a GP record",
    "OperationOutcome": "a message from the server, not part of the record",
}
"""Types that are never published, and why."""

SECTION_LIST = "navigation: a section list without id"

KINDS = {
    "AllergyIntolerance": Kind.ALLERGY,
    "Appointment": Kind.ADMIN_TASK,
    "CarePlan": Kind.LIST,
    "Communication": Kind.ADMIN_TASK,
    "Condition": Kind.PROBLEM,
    "DiagnosticReport": Kind.REPORT,
    "DocumentReference": Kind.DOCUMENT,
    "Encounter": Kind.CONSULTATION,
    "Immunization": Kind.IMMUNISATION,
    "List": Kind.LIST,
    "MedicationRequest": Kind.MEDICATION,
    "MedicationStatement": Kind.MEDICATION,
    "Observation": Kind.OBSERVATION,
    "Procedure": Kind.OBSERVATION,
    "ProcedureRequest": Kind.REFERRAL,
    "QuestionnaireResponse": Kind.OBSERVATION,
    "ReferralRequest": Kind.REFERRAL,
    "ServiceRequest": Kind.REFERRAL,
    "Task": Kind.ADMIN_TASK,
}
"""The kind of each type; a type not listed is published as `unknown`, so that nothing is lost and a person looks.

A care plan lists what is planned, with words of its own around it. A request for a test is a `referral` (something
asked of others); with intent `plan` it is a diary entry, which is what GP Connect sends ProcedureRequest plans for.
"""

PLANS = frozenset({"ProcedureRequest", "ServiceRequest"})

ACCESS_CODES = frozenset({"1290331000000103", "1364731000000104", "1364751000000106"})
"""SNOMED codes about access itself: declined (103), review needed (104), review not needed (106)."""


def is_entry(kind: str) -> bool:
    """Whether resources of this type are published as entries of their own."""
    return kind not in PARTS and kind not in SKIPPED
