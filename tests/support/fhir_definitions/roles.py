"""The role of each element: by its path, by its name, or by its type, the first that says something."""

from tests.support.fhir_definitions.official import Row

BY_TYPE = {
    "coding": "CodeableConcept Coding code",
    "reference": "Reference",
    "identifier": "Identifier",
    "person": "HumanName Address ContactPoint ContactDetail Contributor",
    "free text": "Annotation markdown string",
    "narrative": "Narrative xhtml",
    "attachment": "Attachment base64Binary",
    "number": "Age Count Distance Duration Money Quantity Range Ratio SampledData decimal integer positiveInt"
    " unsignedInt",
    "time": "Period Timing date dateTime instant time",
    "flag": "boolean",
    "technical": "Expression Meta Signature canonical id oid uri url uuid DataRequirement ParameterDefinition"
    " RelatedArtifact TriggerDefinition UsageContext",
    "structure": "BackboneElement Dosage Element Extension Resource",
}
"""Roles by type."""

BY_PATH = {
    "status": (
        "AllergyIntolerance.clinicalStatus AllergyIntolerance.verificationStatus Condition.clinicalStatus"
        " Condition.verificationStatus DocumentReference.docStatus MedicationStatement.taken List.mode List.entry.flag"
    ),
    # what a container says of itself may tell of a member that is hidden
    "free text": (
        "DiagnosticReport.codedDiagnosis DiagnosticReport.conclusionCode Encounter.reason Encounter.reasonCode"
        " List.title"
    ),
    "person": "FamilyMemberHistory.name",
    "label": "Composition.confidentiality DocumentReference.securityLabel Meta.security",
    # words that belong to something coded or measured, or that a treatment cannot be understood without
    "wording": (
        "Age.unit Attachment.contentType Attachment.title CodeableConcept.text Coding.code Coding.display Coding.system"
        " Coding.version"
        " Count.unit Distance.unit Dosage.patientInstruction Dosage.text Duration.unit HealthcareService.name"
        " Immunization.lotNumber Immunization.protocolApplied.series Immunization.vaccinationProtocol.series"
        " Immunization.occurrence[x] Immunization.protocolApplied.doseNumber[x]"
        " Immunization.protocolApplied.seriesDoses[x]"
        " Location.name Medication.batch.lotNumber Medication.package.batch.lotNumber Money.unit"
        " Observation.referenceRange.text Organization.name Quantity.unit QuestionnaireResponse.item.text"
        " Reference.display SampledData.data"
    ),
    "technical": (
        "Attachment.hash Attachment.language Attachment.size Element.id Extension.url Identifier.system Identifier.use"
        " Meta.tag Narrative.status Quantity.code Quantity.system QuestionnaireResponse.item.linkId Reference.reference"
        " Reference.type Resource.id Resource.language"
    ),
}
NAMES = frozenset(
    {"Address", "ContactDetail", "ContactPoint", "Contributor", "Device", "HumanName", "Identifier"}
)
"""Types whose texts are names and numbers of something or somebody, not what somebody wrote about the patient."""

STATUS_NAMES = frozenset({"status", "intent"})
BY_TYPE_ROLE = "by type"
"""The role of an element whose types have different roles: its value decides."""


def type_role(type_: str) -> str:
    """Return the role of a data type; raise StopIteration for one that nobody has given a role."""
    return next(role for role, names in BY_TYPE.items() if type_ in names.split())


def role_of(path: str, row: Row) -> str:
    """Return what an element is."""
    for role, paths in BY_PATH.items():
        if path in paths.split():
            return role
    name = path.rpartition(".")[2]
    if name in STATUS_NAMES:
        return "status"
    if row.modifier:
        return "modifier"
    if row.types <= {"string", "markdown"} and path.partition(".")[0] in NAMES:
        return "wording"
    roles = {type_role(one) for one in row.types if not one.startswith("@")} or {"structure"}
    return roles.pop() if len(roles) == 1 else BY_TYPE_ROLE
