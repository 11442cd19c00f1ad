"""Compares what every audience reads with what may be shown of each patient."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from recordgate_audit.model import Judgement
from recordgate_consumers.view.read import VisibleEntry, read_view
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings
from recordgate_schemas.values import Audience, NhsNumber
from tests.hostile.answer import Told
from tests.hostile.histories import mark

Place = tuple[str, str]
"""An entry id and an audience."""


@dataclass(slots=True)
class Verdict:
    """What is shown, and where that differs from what the model says: coordinates, never content.

    `exact`: patients of whom all that may be shown had to be.
    """

    shown: int = 0
    exact: int = 0
    leaked: list[str] = field(default_factory=list)
    dark: list[str] = field(default_factory=list)


def compare(
    known: Settings, said: Mapping[NhsNumber, Told], patients: Iterable[NhsNumber]
) -> Verdict:
    """Read every patient's view as every audience."""
    verdict, now = Verdict(), datetime.now(UTC)
    names = _entry_ids(known)
    with connect(known.view_dsn, "view_reader", autocommit=True) as view:
        for number in patients:
            one = said[number]
            allowed = one.allowed(now)
            audiences = {"self", "proxy:g1", "proxy:g2", *(audience for _, audience in allowed)}
            seen: dict[Place, VisibleEntry] = {}
            for audience in audiences:
                for entry in read_view(view, number, Audience(audience)):
                    seen[names[str(entry.public_id)], audience] = entry
            judge(verdict, one, allowed, seen)
    return verdict


def _entry_ids(known: Settings) -> dict[str, str]:
    with psycopg.connect(known.view_dsn) as owner:
        rows = owner.execute("select public_id::text, entry_id from released_entry")
        return {str(public_id): str(entry_id) for public_id, entry_id in rows}


def judge(
    verdict: Verdict,
    one: Told,
    allowed: Mapping[Place, Judgement],
    seen: Mapping[Place, VisibleEntry],
) -> None:
    """Note what one patient sees and must not, and what is missing without cause."""
    verdict.shown += len(seen)
    for place, entry in seen.items():
        problem = _leak(one, place, entry, allowed.get(place))
        if problem:
            verdict.leaked.append(f"{problem}: {place[1]}, of {' '.join(one.coordinates)}")
    if not one.astray:
        verdict.exact += 1
        missing = allowed.keys() - seen.keys()
        verdict.dark += [f"{who}, of {' '.join(one.coordinates)}" for _, who in sorted(missing)]


def _leak(one: Told, place: Place, entry: VisibleEntry, judged: Judgement | None) -> str:
    if judged is None:
        return "shown, and must not be"
    if entry.version != one.versions[place[0]]:
        return "another version than the newest"
    if any(mark(pointer).encode() in entry.body for pointer in judged.drops):
        return "shown with what had to be dropped"
    return ""
