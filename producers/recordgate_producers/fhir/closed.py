"""What a Patient resource states of itself that closes its record: such a patient is not registered from it.

SAFETY: national interfaces answer "patient not found" for who is inactive, deceased or flagged. What cannot be read
counts as closed; an operator who knows better registers by controls.
"""

from collections.abc import Iterator

from recordgate_producers.fhir.bundle import STORED, Resource
from recordgate_producers.fhir.labels import HAS_INLINE_LABELS, labels_of
from recordgate_producers.fhir.screening import is_modified
from recordgate_producers.fhir.tree import Json, codes, nodes, objects, text

UNRESTRICTED = frozenset({"U", "L", "M", "N", HAS_INLINE_LABELS})
"""Labels of a Patient that restrict nothing by themselves. R is how a demographics service flags a sensitive record."""

LINKS = frozenset({"replaces", "refer", "seealso"})
"""What another Patient may be to this one while this one is in use."""

DEATH_NOTICE, NOTICE_REMOVED = "DeathNotificationStatus", "U"


def closed_because(patient: Resource) -> tuple[str, ...]:
    """Return every reason for which a Patient must not be registered, in words that name nobody."""
    return tuple(_reasons(patient))


def _reasons(patient: Resource) -> Iterator[str]:
    written = patient.json
    if _has_died(written):
        yield "the patient has died"
    if written.get("active", True) is not True:
        yield "the Patient is not active"
    if any(text(link, "type") not in LINKS for link in nodes(written, "link")):
        yield "another record has replaced it"
    if is_modified(patient.nodes):
        yield "a modifier extension or implicit rules may turn its meaning round"
    if any(label.code not in UNRESTRICTED for label in labels_of(written)):
        yield "a label restricts it"
    if patient.method not in STORED:
        yield "the Bundle does not hand it over"


def _has_died(patient: Json) -> bool:
    """Whether a Patient states a death in any way, one that nobody can read included."""
    stated = {key: patient[key] for key in patient if key.lstrip("_").startswith("deceased")}
    return any(value is not False for value in stated.values()) or any(
        _notifies(part) for part in nodes(patient, "extension")
    )


def _notifies(extension: Json) -> bool:
    if DEATH_NOTICE not in str(extension.get("url")):
        return False
    parts = objects(extension)
    stated = {code.code for part in parts for code in codes(part, "valueCodeableConcept")}
    return stated != {NOTICE_REMOVED}
