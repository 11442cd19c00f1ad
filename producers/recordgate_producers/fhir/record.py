"""One patient's record as a unit: what single entries inherit from their relatives."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from recordgate_producers.fhir.bundle import DELETED, Bundle, Resource
from recordgate_producers.fhir.dates import instant
from recordgate_producers.fhir.labels import UNREADABLE, labels_of, meta_labels
from recordgate_producers.fhir.patient import FhirPatient
from recordgate_producers.fhir.readiness import is_wrong, readiness
from recordgate_producers.fhir.relations import Relations, reachable
from recordgate_producers.fhir.times import times
from recordgate_producers.fhir.tree import nodes, text, texts
from recordgate_schemas.entry import Coding, Readiness, Relation
from recordgate_schemas.errors import InvalidValue
from recordgate_schemas.values import EntryId, parse_entry_id

Labels = Mapping[str, frozenset[Coding]]


@dataclass(frozen=True, slots=True)
class FhirRecord:
    """The Bundle and all that is known about it. `own_labels`: before inheritance, `labels`: after it.

    `transferred`: resources without identifiers are taken to have come by GP2GP, as others here did.
    """

    bundle: Bundle
    patient: FhirPatient
    system: str
    transferred: bool
    laboratory: Collection[str]
    relations: Relations
    own_labels: Labels
    labels: Labels

    def entry_id(self, key: str) -> EntryId | None:
        """Return the id of the entry with this key; None if the key does not fit an id."""
        if key.startswith("#") or self.patient.is_named_in(key.partition("/")[2]):
            return None
        try:
            return parse_entry_id(f"{self.patient.practice}:{self.system}:{key}")
        except InvalidValue:
            return None


def own_labels(bundle: Bundle, patient: Resource) -> dict[str, frozenset[Coding]]:
    """Return each resource's own labels; a duplicate's count too, and the Patient's and Bundle's cover all."""
    found: dict[str, set[Coding]] = defaultdict(set)
    for resource in (*bundle.resources, *bundle.duplicates):
        if resource.type != "Patient":
            found[resource.key] |= labels_of(resource.json)
        if _context_is_unresolved(bundle, resource):
            found[resource.key].add(UNREADABLE)
    carried = {label for labels in found.values() for label in labels}
    # A Bundle's label sums up its contents; one that none of them carries was meant for all of them.
    everywhere = meta_labels(patient.json) | (meta_labels(bundle.json) - carried)
    return {
        one.key: frozenset(found[one.key]) | everywhere
        for one in bundle.resources
        if one.type != "Patient"
    }


def _context_is_unresolved(bundle: Bundle, resource: Resource) -> bool:
    """Whether a resource belongs to a consultation that the Bundle does not identify.

    SAFETY: that consultation may be hidden, so the entry gets a label nobody knows, which holds it.
    """
    context = [*nodes(resource.json, "context"), *nodes(resource.json, "encounter")]
    if resource.type == "DocumentReference":
        context = [*nodes(context, "encounter")]
    return any(bool(one) and bundle.key_of(text(one, "reference") or "") is None for one in context)


def with_attachments(bundle: Bundle, relations: Relations) -> Relations:
    """Return the relations with labels going both ways between an attachment's holder and what its address names.

    A document and the resource with its content (a Binary) are one thing.
    """
    flows: dict[str, set[str]] = defaultdict(set)
    for key, targets in relations.flows.items():
        flows[key].update(targets)
    for holder in bundle.resources:
        for target in _attached(bundle, holder):
            flows[holder.key].add(target)
            flows[target].add(holder.key)
    return replace(relations, flows=flows)


def _attached(bundle: Bundle, holder: Resource) -> Iterator[str]:
    """Yield the resources of the Bundle that an attachment's address names, however it is spelled."""
    for node in holder.nodes:
        if node.path == "Attachment.url" and isinstance(node.value, str):
            key = bundle.key_of(re.split(r"[?#]", node.value)[0])
            if key is not None and key in bundle.by_key and key != holder.key:
                yield key


def inherit_labels(
    own: Labels, flows: Mapping[str, Collection[str]]
) -> dict[str, frozenset[Coding]]:
    """Return each key's labels together with those that flow to it."""
    found = {key: set(labels) for key, labels in own.items()}
    waiting = [(key, label) for key, labels in own.items() for label in labels]
    while waiting:
        key, label = waiting.pop()
        for target in flows.get(key, ()):
            if target in found and label not in found[target]:
                found[target].add(label)
                waiting.append((target, label))
    return {key: frozenset(labels) for key, labels in found.items()}


def readiness_by_key(
    bundle: Bundle, relations: Relations, laboratory: Collection[str]
) -> dict[str, Readiness]:
    """Return each resource's own readiness; what is unfinished among its relatives the decider derives, who knows all.

    SAFETY: what lies in something in error, and a report whose words may repeat a result in error, is understood by
    nobody here.
    """
    bundle_is_gp_connect = "GPConnect" in "".join(_profiles(bundle.json))
    alone = {
        one.key: readiness(
            one,
            laboratory=one.key in laboratory,
            gp_connect=bundle_is_gp_connect or "CareConnect-GPC" in "".join(_profiles(one.json)),
        )
        for one in bundle.resources
    }
    in_error = {key for key, state in alone.items() if state is Readiness.IN_ERROR}
    if not in_error:
        return alone
    return {
        key: Readiness.UNKNOWN
        if key not in in_error and _is_touched(bundle, relations, in_error, key)
        else state
        for key, state in alone.items()
    }


def _is_touched(bundle: Bundle, relations: Relations, in_error: set[str], key: str) -> bool:
    """Whether something in error contains a resource, or is a result that its words may repeat."""
    containers = reachable(
        [key],
        lambda one: (
            relations.parents(one, Relation.PART_OF) + relations.parents(one, Relation.RESULT_OF)
        ),
    )
    if not containers.isdisjoint(in_error):
        return True
    if not {"conclusion", "presentedForm"} & bundle.by_key[key].json.keys():
        return False
    # what was cancelled has no result that words could repeat
    results = in_error.intersection(relations.members(key, Relation.RESULT_OF))
    return any(_was_stated(bundle.by_key[one]) for one in results)


def _was_stated(resource: Resource) -> bool:
    """Whether something that is in error had been stated before."""
    return resource.method == DELETED or is_wrong(resource.json)


def extracted_at(bundle: Bundle, entries: Iterable[Resource]) -> datetime | None:
    """Return when the record was extracted, as far as the Bundle states it; always the same for the same Bundle."""
    fields = [text(bundle.json, "timestamp"), text(bundle.json, "meta", "lastUpdated")]
    stated = [moment for value in fields if (moment := instant(value or ""))]
    sections = [
        times(one.json).recorded for one in bundle.resources if one.type == "List" and not one.id
    ]
    recorded = [times(one.json).recorded for one in entries]
    for known in (stated[:1], sections, recorded):
        if moments := [moment for moment in known if moment]:
            return max(moments)
    return None


def _profiles(resource: object) -> Iterable[str]:
    return texts(list(nodes(resource, "meta")), "profile")
