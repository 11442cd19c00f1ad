"""How entries of one record are related: which of them carries which link, and where labels flow before publishing.

RULES is the one table for it. A link is carried by the member, never by the container. An entry is published with the
links that it states itself; what a container says of its members are elements of its body, and the decider counts both.
So an entry says the same in whatever Bundle it is published. Flow: national guidance has labels cover a consultation's,
group's and request's children (GP2GP redaction notes; reference domain, section 4); one labelled component hides a
battery, but not a laboratory group. The decider does the same for what comes in different Bundles.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.tree import references
from recordgate_producers.fhir.types import PARTS, SPARED, is_entry
from recordgate_schemas.entry import Relation


class Flow(Enum):
    """Which way labels go between the resource that holds a reference and the one it names."""

    NONE = "none"
    IN = "from the named one to the holder"
    OUT = "from the holder to the named one"
    BOTH = "both ways: they state the same fact"


@dataclass(frozen=True, slots=True)
class Rule:
    """References with this trail, from these types to that type: the link, its carrier, the flow of labels."""

    trail: str
    relation: Relation
    flow: Flow
    holder: str = ".*"
    target: str = ".*"
    named_carries: bool = False


RULES = (
    # what is recorded about the record is about what it names; a linkage says that these are one
    Rule(r".*", Relation.REFERS_TO, Flow.OUT, "AuditEvent|Basic|Consent|MessageHeader|Provenance"),
    Rule(r"item\.resource", Relation.REFERS_TO, Flow.BOTH, "Linkage"),
    # SAFETY: a document that replaces, signs or translates another one says the same; what it adds to one tells of it
    Rule(r"relatesTo:appends\.target.*", Relation.REFERS_TO, Flow.IN),
    Rule(r"relatesTo:.*\.target.*", Relation.REFERS_TO, Flow.BOTH),
    Rule(r"context|encounter|context\.encounter", Relation.PART_OF, Flow.IN, target="Encounter"),
    # GP Connect links an allergy to its consultation by an extension
    Rule(r"extension:.*[eE]ncounter.*", Relation.PART_OF, Flow.IN, target="Encounter"),
    Rule(r"partOf|parent|episodeOfCare", Relation.PART_OF, Flow.IN),
    Rule(
        r"section\..*entry", Relation.LISTED_IN, Flow.OUT, holder="Composition", named_carries=True
    ),
    Rule(r"activity\..*", Relation.LISTED_IN, Flow.OUT, holder="CarePlan", named_carries=True),
    # one order or result in the place of another states the same fact
    Rule(r"replaces|priorPrescription|related:replaces\.target", Relation.REFERS_TO, Flow.BOTH),
    Rule(r"entry\.item", Relation.LISTED_IN, Flow.OUT, holder="List", named_carries=True),
    Rule(r"result", Relation.RESULT_OF, Flow.OUT, holder="DiagnosticReport", named_carries=True),
    Rule(r"hasMember|related:has-member\.target", Relation.RESULT_OF, Flow.OUT, named_carries=True),
    # SAFETY: which way a relation without a type goes nobody knows
    Rule(r"related:\.target", Relation.REFERS_TO, Flow.BOTH),
    Rule(r"derivedFrom|related:derived-from\.target", Relation.REFERS_TO, Flow.IN),
    # The problem header and its actual problem state one fact twice; hiding one alone would show it in the other.
    Rule(r"extension:.*ActualProblem.*", Relation.ABOUT_PROBLEM, Flow.BOTH, "Condition"),
    Rule(r"basedOn", Relation.FOR_MEDICATION, Flow.IN, target="MedicationRequest"),
    Rule(r"basedOn", Relation.RESULT_OF, Flow.IN, holder="Observation|DiagnosticReport"),
    Rule(r"basedOn", Relation.REFERS_TO, Flow.IN),
    Rule(r"item\..*", Relation.REFERS_TO, Flow.OUT, holder="QuestionnaireResponse"),
    # What a problem lists does not name the problem, so hiding the problem leaves it open.
    Rule(r".*", Relation.REFERS_TO, Flow.NONE, holder="Condition"),
    Rule(r".*", Relation.ABOUT_PROBLEM, Flow.NONE, target="Condition"),
    Rule(r".*", Relation.REFERS_TO, Flow.NONE),
)
"""First match wins. Any other reference to a Condition names the problem that the entry is about."""


@dataclass(frozen=True, slots=True)
class Relations:
    """Links carried by each key, the same links seen from the other end, and where each key's labels go.

    `stated`: those of the links that the key's own resource states.
    """

    links: Mapping[str, Collection[tuple[str, Relation]]]
    stated: Mapping[str, Collection[tuple[str, Relation]]]
    reverse_links: Mapping[str, Collection[tuple[str, Relation]]]
    flows: Mapping[str, Collection[str]]

    def parents(self, key: str, relation: Relation) -> list[str]:
        """Return the keys that `key` names with this relation."""
        return _with(self.links, key, relation)

    def members(self, key: str, relation: Relation) -> list[str]:
        """Return the keys that name `key` with this relation."""
        return _with(self.reverse_links, key, relation)


def reachable(starts: Iterable[str], neighbours: Callable[[str], Iterable[str]]) -> set[str]:
    """Return every key that can be reached from one of `starts` in one step or more."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        new = set(neighbours(waiting.pop())) - found
        found |= new
        waiting += new
    return found


def relate(bundle: Bundle, laboratory: Collection[str]) -> Relations:
    """Return how the record's resources are related; `laboratory`: keys of laboratory observations."""
    links: dict[str, set[tuple[str, Relation]]] = defaultdict(set)
    stated: dict[str, set[tuple[str, Relation]]] = defaultdict(set)
    flows: dict[str, set[str]] = defaultdict(set)
    for holder in bundle.resources:
        for reference in references(holder.json):
            target = bundle.key_of(reference.target)
            if target is None or target == holder.key:
                continue
            rule = _rule(holder, reference.trail, target)
            _flow(flows, holder.key, target, rule.flow)
            if rule.relation is Relation.RESULT_OF and _is_battery(holder, rule, laboratory):
                flows[target].add(holder.key)
            if is_entry(_type(target)) and holder.id and is_entry(holder.type):
                carrier, other = (
                    (target, holder.key) if rule.named_carries else (holder.key, target)
                )
                links[carrier].add((other, rule.relation))
                if not rule.named_carries:
                    stated[carrier].add((other, rule.relation))
            _consultation(bundle, holder, reference.trail, target, links)
    return Relations(links, stated, _reversed(links), flows)


def _reversed(
    links: Mapping[str, Collection[tuple[str, Relation]]],
) -> Mapping[str, Collection[tuple[str, Relation]]]:
    reverse_links: dict[str, set[tuple[str, Relation]]] = defaultdict(set)
    for key, found in links.items():
        for target, relation in found:
            reverse_links[target].add((key, relation))
    return reverse_links


def _with(
    links: Mapping[str, Collection[tuple[str, Relation]]], key: str, relation: Relation
) -> list[str]:
    return sorted(target for target, found in links.get(key, ()) if found is relation)


def _rule(holder: Resource, trail: str, target: str) -> Rule:
    if _type(target) in PARTS:
        flow = Flow.NONE if _type(target) in SPARED else Flow.IN
        return Rule(".*", Relation.REFERS_TO, flow)
    return next(
        rule
        for rule in RULES
        if re.fullmatch(rule.trail, trail)
        and re.fullmatch(rule.holder, holder.type)
        and re.fullmatch(rule.target, _type(target))
    )


def _flow(flows: dict[str, set[str]], holder: str, target: str, flow: Flow) -> None:
    if flow in (Flow.IN, Flow.BOTH):
        flows[target].add(holder)
    if flow in (Flow.OUT, Flow.BOTH):
        flows[holder].add(target)


def _is_battery(holder: Resource, rule: Rule, laboratory: Collection[str]) -> bool:
    return rule.named_carries and holder.type == "Observation" and holder.key not in laboratory


def _consultation(
    bundle: Bundle,
    holder: Resource,
    trail: str,
    target: str,
    links: dict[str, set[tuple[str, Relation]]],
) -> None:
    """A member of a consultation's list is part of that consultation, even if it does not refer to it itself."""
    if holder.type != "List" or not holder.id or trail != "entry.item":
        return
    for reference in references(holder.json.get("encounter")):
        encounter = bundle.key_of(reference.target)
        if encounter and encounter != target and _type(encounter) == "Encounter":
            links[target].add((encounter, Relation.PART_OF))


def _type(key: str) -> str:
    return key.partition("/")[0] if not key.startswith("#") else key.partition("/")[2]
