"""Entries that are related to one another, and what becomes of them whatever arrives first."""

import random
from itertools import permutations
from typing import Any

from recordgate_schemas.entry import (
    ClinicalEntry,
    Element,
    ElementKind,
    Kind,
    Link,
    Readiness,
    Relation,
    ThirdParty,
)
from recordgate_schemas.values import SELF, EntryId
from recordgate_streams.decider.history import Event, decide_history
from recordgate_streams.decider.record import ControlEvent, EntryAudience
from recordgate_streams.policy.decision import Decision
from tests.support.builders import NOW, RULESET, accepted, access, control, entry, label, registered

PART_OF, RESULT_OF, LISTED_IN = Relation.PART_OF, Relation.RESULT_OF, Relation.LISTED_IN
FILED = {"kind": Kind.TEST_RESULT, "readiness": Readiness.FILED}
REPORT = {"kind": Kind.REPORT, "readiness": Readiness.FILED}
TEXT = Element(ElementKind.FREE_TEXT, "/note")
NOPAT = {"labels": label("NOPAT")}
THIRD_PARTY = {"third_party": ThirdParty.PRESENT}
BASE = (registered(), access())


def one(name: str, *links: tuple[Relation, str], **fields: Any) -> ClinicalEntry:
    """An entry with these links."""
    made = tuple(Link(EntryId(target), relation) for relation, target in links)
    return entry(entry_id=EntryId(name), links=made, **fields)


def pointing(name: str, *targets: str, **fields: Any) -> ClinicalEntry:
    """An entry whose body refers to these."""
    elements = tuple(
        Element(ElementKind.CHILD, f"/entry/{place}", EntryId(target))
        for place, target in enumerate(targets)
    )
    return one(name, elements=(*fields.pop("elements", ()), *elements), **fields)


def outcomes(*arriving: Any) -> dict[str, str]:
    """What becomes of every entry, as `OUTCOME HEADLINE`, whatever the order of arrival."""
    found = [_decided(order) for order in _orders([*BASE, *arriving])]
    assert all(one == found[0] for one in found)
    return found[0]


def _orders(arriving: list[Any]) -> list[tuple[Any, ...]]:
    if len(arriving) <= 5:
        return list(permutations(arriving))
    rng = random.Random(7)
    return [tuple(rng.sample(arriving, len(arriving))) for _ in range(40)]


def _decided(arriving: tuple[Any, ...]) -> dict[str, str]:
    return {
        str(entry_id): f"{d.outcome} {d.headline}" if d.headline else str(d.outcome)
        for (entry_id, audience), d in decisions(arriving).items()
        if audience == SELF
    }


def decisions(arriving: tuple[Any, ...]) -> dict[EntryAudience, Decision]:
    """What is decided after these changes and entries, in this order."""
    events: list[Event] = [
        accepted(one)
        if isinstance(one, ClinicalEntry)
        else ControlEvent(NOW, position, control(one))
        for position, one in enumerate(arriving)
    ]
    return decide_history(events, RULESET, NOW).decisions
