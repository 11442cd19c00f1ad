"""Which observations are laboratory results, and which are the heads of a group."""

from collections.abc import Iterator

from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.tree import Json, codes, nodes, texts

LABORATORY_CATEGORIES = frozenset({"laboratory", "LAB", "394595002"})
"""HL7 observation category and v2-0074 codes for laboratory, SNOMED for pathology (EMIS sends the last)."""


def laboratory(bundle: Bundle) -> frozenset[str]:
    """Return the keys of laboratory observations: marked so, with a specimen, or under a report or such a group."""
    found: set[str] = set()
    waiting = list(_roots(bundle))
    while waiting:
        key = waiting.pop()
        resource = bundle.by_key.get(key)
        if key not in found and resource is not None and resource.type == "Observation":
            found.add(key)
            waiting += members(bundle, resource.json)
    return frozenset(found)


def members(bundle: Bundle, observation: Json) -> list[str]:
    """Return the keys of a group's members (STU3 `related` has-member, R4 `hasMember`)."""
    related = (part for part in nodes(observation, "related") if part.get("type") == "has-member")
    references = [*texts(list(related), "target", "reference")]
    references += texts(observation, "hasMember", "reference")
    return [key for reference in references if (key := bundle.key_of(reference))]


def _roots(bundle: Bundle) -> Iterator[str]:
    for resource in bundle.resources:
        if resource.type == "DiagnosticReport":
            for reference in texts(resource.json, "result", "reference"):
                yield bundle.key_of(reference) or ""
        elif resource.type == "Observation" and _is_marked_laboratory(resource):
            yield resource.key


def _is_marked_laboratory(resource: Resource) -> bool:
    categories = {code.code for code in codes(resource.json, "category")}
    return "specimen" in resource.json or not LABORATORY_CATEGORIES.isdisjoint(categories)
