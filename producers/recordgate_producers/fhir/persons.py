"""Whom a resource is about, and who else is in it: known by references, identifiers, names, addresses and numbers.

SAFETY: only what is certainly this patient is this patient. Another one's number refuses; the rest nobody can tell.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum

from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.definitions import READ
from recordgate_producers.fhir.patient import FhirPatient
from recordgate_producers.fhir.reading import Node, contained_in
from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.spelling import numbers_alone, numbers_in_words, words_of
from recordgate_producers.fhir.tree import Json, content_of, nodes, text
from recordgate_producers.fhir.types import CONTENT, PEOPLE, STAFF
from recordgate_schemas.errors import InvalidValue
from recordgate_schemas.values import NhsNumber

SUBJECTS = frozenset({"subject", "patient"})
_SYSTEMS = ("nhs-number", "2.16.840.1.113883.2.1.4.1")
"""How the systems of NHS numbers end, in whatever spelling: FHIR's address, and the object identifier."""

_SPOKEN = frozenset({Role.FREE_TEXT, Role.NARRATIVE, Role.WORDING, Role.NUMBER, Role.TIME, None})
_ADDRESSES = frozenset({"canonical", "oid", "uri", "url"})

_SHOWN_OF_STAFF = (
    *("HealthcareService.name", "Location.name", "Organization.name", "HumanName."),
    *("CodeableConcept.text", "Coding.display"),
)


class Whose(StrEnum):
    """Who a reference or an identifier stands for."""

    OWN = "this patient"
    OTHER = "another patient"
    UNKNOWN = "nobody knows"


def subject_of(bundle: Bundle, resource: Resource, patient: FhirPatient) -> Whose:
    """Return whose a resource is: of several statements the worst counts; stating none leaves it unknown."""
    own = (node for node in resource.nodes if _is_subject(node))
    stated = {whose(bundle, resource, node.value, patient) for node in own}
    inside = {whose(bundle, resource, node.value, patient) for node in _inner_subjects(resource)}
    if Whose.OTHER in stated | inside:
        return Whose.OTHER
    return Whose.OWN if stated == {Whose.OWN} and inside <= {Whose.OWN} else Whose.UNKNOWN


def foreign(bundle: Bundle, patient: FhirPatient) -> frozenset[str]:
    """Return the resources that are another patient's: those that say so, what they group, and what refers to them.

    SAFETY: what belongs to another patient's consultation, report or list is that patient's, whatever it says.
    """
    others = {
        one.key
        for one in (*bundle.resources, *bundle.duplicates)
        if one.type not in PEOPLE and subject_of(bundle, one, patient) is Whose.OTHER
    }
    near: dict[str, set[str]] = defaultdict(set)
    for one in bundle.resources:
        for key in _clinical_targets(bundle, one):
            near[key].add(one.key)
            if one.key in others:
                near[one.key].add(key)
    return frozenset(others.union(*(near[key] for key in others)))


def whose(bundle: Bundle, resource: Resource, reference: object, patient: FhirPatient) -> Whose:
    """Return whom a reference stands for; unknown for whatever is no reference."""
    if not isinstance(reference, dict):
        return Whose.UNKNOWN
    found = {*_by_target(bundle, resource, reference, patient), *_by_number(reference, patient)}
    if Whose.OTHER in found:
        return Whose.OTHER
    return Whose.OWN if Whose.OWN in found and Whose.UNKNOWN not in found else Whose.UNKNOWN


def names_somebody_else(bundle: Bundle, resource: Resource, patient: FhirPatient) -> bool:
    """Whether a person is in it who is neither this patient nor there as staff."""
    if resource.type == CONTENT and is_foreign(
        numbers_alone(words_of(content_of(resource.json))), patient
    ):
        return True
    return any(
        _is_somebody_else(bundle, resource, node, patient)
        for node in resource.nodes
        if not _is_subject(node)
    )


def is_person(bundle: Bundle, resource: Resource, reference: Json) -> bool:
    """Whether a reference leads to a person who is no staff, in whatever spelling."""
    kinds = {target_type(bundle, resource, reference), _stated_type(reference)}
    return not PEOPLE.isdisjoint(kinds) or any(
        _is_of_nhs_numbers(one) for one in nodes(reference, "identifier")
    )


def target_type(bundle: Bundle, resource: Resource, reference: Json) -> str:
    """Return the type of resource that a reference names, empty if it does not say."""
    target = (text(reference, "reference") or "").strip()
    if target.startswith("#"):
        part = contained(resource, target)
        return str(part.get("resourceType")) if part else ""
    key = bundle.key_of(target)
    if key is not None:
        kind = key.partition("/")[0]
        return _TYPES.get(kind.casefold(), kind)
    return _stated_type(reference) or _type_in_words(target)


def _stated_type(reference: Json) -> str:
    stated = (text(reference, "type") or "").strip().rpartition("/")[2]  # a name, or its address
    return _TYPES.get(stated.casefold(), stated)


def contained(resource: Resource, target: str) -> Json | None:
    """Return the contained resource that `#id` names."""
    parts = nodes(resource.json, "contained")
    return next((part for part in parts if f"#{text(part, 'id')}" == target), None)


def is_foreign(numbers: Iterable[str], patient: FhirPatient) -> bool:
    """Whether any of these is a valid NHS number that is not this patient's."""
    return any(_is_valid(number) and number not in patient.numbers for number in numbers)


def _is_somebody_else(bundle: Bundle, resource: Resource, node: Node, patient: FhirPatient) -> bool:
    if node.within in STAFF:
        return _is_patient_as_staff(node, patient)
    if _is_of_own_patient(resource, node, patient):
        return False
    if node.role is Role.PERSON:
        return True
    if node.type == "Identifier":
        return Whose.OTHER in {*_by_number({"identifier": node.value}, patient)}
    if node.type == "Reference" and isinstance(node.value, dict):
        return (
            is_person(bundle, resource, node.value)
            and whose(bundle, resource, node.value, patient) is not Whose.OWN
        )
    return is_foreign(_numbers(node), patient)


def _is_patient_as_staff(node: Node, patient: FhirPatient) -> bool:
    """Whether somebody who is there as staff, or a place, has another patient's number, in what is shown of them."""
    if node.type == "Identifier":
        return Whose.OTHER in {*_by_number({"identifier": node.value}, patient)}
    return node.path.startswith(_SHOWN_OF_STAFF) and is_foreign(_numbers(node), patient)


def _numbers(node: Node) -> Iterator[str]:
    """Yield what may be an NHS number in a value. Codes, ids and identifiers may look like one by chance."""
    if node.type == "Attachment":
        yield from numbers_alone(words_of(node.value))
    elif isinstance(node.value, dict | bool):
        return
    elif node.type == "base64Binary":
        yield from numbers_alone(words_of({"data": node.value}))
    elif node.type in _ADDRESSES or node.path.startswith("Identifier."):
        yield from numbers_alone(str(node.value))
    elif node.role in _SPOKEN or node.path.endswith("linkId"):
        yield from numbers_in_words(str(node.value))


def _is_of_own_patient(resource: Resource, node: Node, patient: FhirPatient) -> bool:
    """Whether a node lies in a contained Patient that is this one."""
    if node.within != "Patient":
        return False
    around = (
        one
        for one in contained_in(resource.nodes)
        if node.pointer[: len(one.pointer)] == one.pointer
    )
    return any(_contained_patient(one.value, patient) is Whose.OWN for one in around)


def _clinical_targets(bundle: Bundle, resource: Resource) -> Iterator[str]:
    for node in resource.nodes:
        if node.type == "Reference" and isinstance(node.value, dict):
            key = bundle.key_of(text(node.value, "reference") or "")
            if key and key in bundle.by_key and key.partition("/")[0] not in PEOPLE | STAFF:
                yield key


def _by_target(
    bundle: Bundle, resource: Resource, reference: Json, patient: FhirPatient
) -> Iterator[Whose]:
    target = text(reference, "reference")
    if target is None:
        return
    if target.strip().startswith("#"):
        yield _contained_patient(contained(resource, target.strip()), patient)
    elif bundle.is_elsewhere(target):
        yield Whose.UNKNOWN
    elif (key := bundle.key_of(target)) == patient.key:
        yield Whose.OWN
    else:
        yield Whose.OTHER if (key or "").startswith("Patient/") else Whose.UNKNOWN


def _contained_patient(part: Json | None, patient: FhirPatient) -> Whose:
    if part is None or part.get("resourceType") != "Patient":
        return Whose.UNKNOWN
    return next(iter(_by_number(part, patient)), Whose.UNKNOWN)


def _by_number(holder: Json, patient: FhirPatient) -> Iterator[Whose]:
    for identifier in nodes(holder, "identifier"):
        if _is_of_nhs_numbers(identifier):
            number = re.sub(r"[^0-9A-Za-z]", "", text(identifier, "value") or "")
            yield _whose_number(number, patient)


def _whose_number(number: str, patient: FhirPatient) -> Whose:
    if number in patient.numbers:
        return Whose.OWN
    return Whose.OTHER if _is_valid(number) else Whose.UNKNOWN  # a wrong number is nobody's


def _is_valid(number: str) -> bool:
    try:
        NhsNumber.parse(number)
    except InvalidValue:
        return False
    return True


def _is_of_nhs_numbers(identifier: Json) -> bool:
    system = (text(identifier, "system") or "").strip().rstrip("/")
    return system.casefold().endswith(_SYSTEMS)


def _type_in_words(target: str) -> str:
    """Return the type of person, or else the last type, that a reference names that cannot be read.

    SAFETY: how it was meant nobody knows, so a person in it is one.
    """
    words = [_TYPES[word] for word in re.findall("[a-z]+", target.casefold()) if word in _TYPES]
    return next((word for word in words if word in PEOPLE), words[-1] if words else "")


_TYPES = {name.casefold(): name for name in (*READ, *PEOPLE)}


def _names(node: Node) -> tuple[str, ...]:
    return tuple(part for part in node.pointer if isinstance(part, str))


def _is_subject(node: Node) -> bool:
    return node.pointer[0] in SUBJECTS and len(_names(node)) == 1


def _inner_subjects(resource: Resource) -> Iterator[Node]:
    """Yield what contained resources state about whose they are."""
    for node in resource.nodes:
        names = _names(node) if node.pointer[0] == "contained" else ()
        if len(names) == 2 and names[1] in SUBJECTS:
            yield node
