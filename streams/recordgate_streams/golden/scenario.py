"""Reads a list of timed events as JSON, one an object, in the shape of the schemas' JSON form (docs/scenarios.md)."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from recordgate_schemas.control import Change, Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import InvalidValue, PoisonError, UsageError
from recordgate_schemas.mapping import mapper, unknown_fields
from recordgate_streams import ruleset
from recordgate_streams.bodies.check import body_mismatch
from recordgate_streams.decider.history import RulesetActivated, Step
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, Source
from recordgate_streams.policy.decision import Integrity

_CONTROL = mapper(Control, "json")
_ENTRY = mapper(ClinicalEntry, "json")
KINDS = ("control", "entry", "unreadable", "rules")
FIELDS = ("at", "position", *KINDS, "body_mismatch", "text_hint")
EMPTY_SHA256 = base64.b64encode(hashlib.sha256(b"").digest()).decode()
_CHANGES: Mapping[str, type] = {change.__name__: change for change in get_args(Change)}
_USUAL = {
    "version": 1,
    "system": "scenario",
    "origin": "local",
    "hide_tags_trusted": True,
    "online_visibility": "unset",
    "staff_private": False,
    "third_party": "none",
    "body": "",
    "body_type": "application/fhir+json",
    "body_sha256": EMPTY_SHA256,
}
"""What an entry of a scenario is unless it says otherwise. SAFETY: not its kind, readiness or time of recording."""
_LISTS = ("labels", "codes", "markers", "not_for_grants", "links", "elements")
_MAY_BE_MISSING = ("event_date", "available_at")


def parse_lines(lines: Iterable[str], name: str, folder: Path = Path()) -> list[Step]:
    """Return the events of a JSON Lines text; `folder`: where the rulesets that it names are.

    Raises UsageError naming file and line of everything wrong in it.
    """
    objects, wrong = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            objects.append((number, json.loads(line)))
        except (ValueError, RecursionError):
            wrong.append(f"{name}:{number}: is not JSON; write one event a line")
    events = []
    for place, (number, found) in enumerate(objects):
        try:
            events.append(_event(found, _position(objects, place), folder))
        except (PoisonError, UsageError) as error:
            wrong.append(f"{name}:{number}: {error}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return events


def _position(objects: Sequence[tuple[int, Any]], place: int) -> int:
    """A control without a position has its place among the controls."""
    before = (found for _, found in objects[:place])
    return sum(
        isinstance(found, Mapping) and not {"entry", "rules"} & found.keys() for found in before
    )


def _event(found: Any, place: int, folder: Path) -> Step:
    if not isinstance(found, Mapping) or not set(KINDS) & found.keys():
        raise InvalidValue("an event is an object with at and control, entry, unreadable or rules")
    if found.keys() - set(FIELDS):
        raise InvalidValue(unknown_fields(found, FIELDS))
    at = parse_instant(found.get("at"), "at")
    if "entry" in found:
        return _arrived(found, at)
    if "rules" in found:
        return RulesetActivated(at, _ruleset(found["rules"], folder))
    position = found.get("position", place)
    if type(position) is not int or position < 0:
        raise InvalidValue("position: must be a whole number, 0 or more")
    control = None if found.get("unreadable") else _CONTROL.load(_completed(found, at))
    return ControlEvent(at, position, control)


def _ruleset(named: Any, folder: Path) -> ruleset.Ruleset:
    if not isinstance(named, str):
        raise InvalidValue("rules: must be the path of a ruleset's folder")
    return ruleset.load(folder / named)


def _completed(found: Mapping[str, Any], at: datetime) -> Any:
    """Return a control with what it may leave out: who sent it, when it counts from, and what of its change is null."""
    given = found.get("control")
    if not isinstance(given, Mapping):
        return given
    usual = {"control_id": "scenario", "source": "scenario", "effective_at": at.isoformat()}
    change = given.get("change")
    if isinstance(change, Mapping) and change.get("type") in _CHANGES:
        change = {**_nulls(_CHANGES[change["type"]]), **change}
    return {**usual, **given, "change": change}


def _nulls(cls: type) -> dict[str, None]:
    hints = get_type_hints(cls)
    return {name: None for name, hint in hints.items() if type(None) in get_args(hint)}


def _arrived(found: Mapping[str, Any], at: datetime) -> AcceptedEntry:
    """An entry may leave out what is usual. Without its body nothing is checked but what the event itself states."""
    given = found["entry"]
    if not isinstance(given, Mapping):
        raise InvalidValue("entry: must be an object with named fields")
    usual = {**_USUAL, **{name: [] for name in _LISTS}, **dict.fromkeys(_MAY_BE_MISSING)}
    entry = _ENTRY.load({**usual, "extracted_at": at.isoformat(), **given})
    mismatch = bool(found.get("body_mismatch")) or ("body" in given and body_mismatch(entry))
    integrity = Integrity(body_mismatch=mismatch, text_hint=bool(found.get("text_hint")))
    return AcceptedEntry(entry, integrity, Source(0, 0, at))


def parse_instant(value: Any, field: str) -> datetime:
    """Return an ISO 8601 instant; raise InvalidValue when it is none or has no offset."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidValue(f"{field}: must be an ISO 8601 instant with an offset") from None
    if at.tzinfo is None:
        raise InvalidValue(f"{field}: must carry an offset, such as Z or +01:00")
    return at
