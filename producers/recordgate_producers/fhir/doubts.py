"""Why a body may not say what its source meant: each doubt holds the entry, and is reported to the publisher."""

from collections.abc import Iterator, Sequence

from recordgate_producers.fhir.body import Body
from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.reading import contained_in
from recordgate_producers.fhir.screening import is_modified, unknown_elements
from recordgate_producers.fhir.tree import Json, nodes, text, values

MEDICINES = frozenset({"MedicationRequest", "MedicationStatement"})
ONLY_THERE = frozenset({"additional"})
"""What a narrative is called that says more than the resource; a body carries no narrative."""


def body_doubts(bundle: Bundle, sources: Sequence[Resource], body: Body) -> Iterator[str]:
    """Yield what makes a body doubtful. `sources`: the resource, and those that its body holds inside."""
    for field in body.left_out:
        yield f"{field}: carries the patient's NHS number; left out, which holds it"
    for field in body.lost:
        yield f"{field}: FHIR requires it, and nothing of it can be shown; held"
    if not bundle.in_conflict.isdisjoint(one.key for one in sources):
        yield "the Bundle has two different resources with one id, of which this is or holds one; held"
    if any(is_modified(one.nodes) or any(unknown_elements(one.nodes)) for one in sources[1:]):
        yield "something that it has inside is not understood; held"
    if any(_has_one_id_twice(one) for one in sources):
        yield "two resources contained in it have one id; held"
    if text(sources[0].json, "text", "status") in ONLY_THERE:
        yield "its narrative says more than its fields; left out, which holds it"
    if sources[0].type in MEDICINES and not _names_a_drug(body.document):
        yield "names no drug, neither by a code nor in words; held"


def _has_one_id_twice(resource: Resource) -> bool:
    ids = [text(part.value, "id") for part in contained_in(resource.nodes)]
    return len(set(ids)) < len(ids)


def _names_a_drug(document: Json) -> bool:
    own = nodes(document, "medicationCodeableConcept")
    inside = (nodes(part, "code") for part in _referred_to(document))
    return any(_has_words(one) for group in (own, *inside) for one in group) or bool(
        text(document, "medicationReference", "display")
    )


def _referred_to(document: Json) -> Iterator[Json]:
    for reference in values(document, "medicationReference", "reference"):
        for part in nodes(document, "contained"):
            if reference == f"#{part.get('id')}":
                yield part


def _has_words(concept: Json) -> bool:
    return bool(
        text(concept, "text")
        or text(concept, "coding", "display")
        or text(concept, "coding", "code")
    )
