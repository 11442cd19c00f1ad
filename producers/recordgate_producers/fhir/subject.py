"""Whether a resource is about the patient whose record it stands in."""

from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.patient import NHS_NUMBER, Patient
from recordgate_producers.fhir.tree import nodes


def is_about(bundle: Bundle, resource: Resource, patient: Patient) -> bool:
    """Whether everything a resource says about its subject names this patient; saying nothing is no contradiction.

    SAFETY: a record in this patient's Bundle that names another one would be shown to the wrong person.
    """
    for whose in ("subject", "patient"):
        for subject in nodes(resource.json, whose):
            reference, identifier = subject.get("reference"), subject.get("identifier")
            if reference is not None and bundle.key_of(str(reference)) != patient.key:
                return False
            if isinstance(identifier, dict) and identifier.get("system") == NHS_NUMBER:
                written = str(identifier.get("value")).replace(" ", "")
                if written not in (patient.as_written.replace(" ", ""), patient.nhs_number.digits):
                    return False
    return True
