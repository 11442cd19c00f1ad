"""Reads a list of timed events as JSON, one an object, in the shape of the schemas' JSON form (docs/scenarios.md)."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import InvalidValue, PoisonError, UsageError
from recordgate_schemas.mapping import mapper, unknown_fields
from recordgate_streams.bodies.check import body_mismatch
from recordgate_streams.decider.history import Event
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, Source
from recordgate_streams.policy.decision import Integrity

_CONTROL = mapper(Control, "json")
_ENTRY = mapper(ClinicalEntry, "json")
FIELDS = ("at", "position", "control", "entry", "unreadable", "body_mismatch", "text_hint")
EMPTY_SHA256 = base64.b64encode(hashlib.sha256(b"").digest()).decode()


def parse_lines(lines: Iterable[str], name: str) -> list[Event]:
    """Return the events of a JSON Lines text; raise UsageError naming file and line of everything wrong in it."""
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
            events.append(_event(found, _position(objects, place)))
        except PoisonError as error:
            wrong.append(f"{name}:{number}: {error}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return events


def _position(objects: Sequence[tuple[int, Any]], place: int) -> int:
    """A control without a position has its place among the controls."""
    before = (found for _, found in objects[:place])
    return sum(isinstance(found, Mapping) and "entry" not in found for found in before)


def _event(found: Any, place: int) -> Event:
    if not isinstance(found, Mapping) or not {"control", "entry", "unreadable"} & found.keys():
        raise InvalidValue("an event is an object with at and control, entry or unreadable")
    if found.keys() - set(FIELDS):
        raise InvalidValue(unknown_fields(found, FIELDS))
    at = parse_instant(found.get("at"), "at")
    if "entry" in found:
        return _arrived(found, at)
    position = found.get("position", place)
    if type(position) is not int or position < 0:
        raise InvalidValue("position: must be a whole number, 0 or more")
    control = None if found.get("unreadable") else _CONTROL.load(found.get("control"))
    return ControlEvent(at, position, control)


def _arrived(found: Mapping[str, Any], at: datetime) -> AcceptedEntry:
    """An entry may come without its body: then nothing is checked but what the event itself states."""
    given = found["entry"]
    if not isinstance(given, Mapping):
        raise InvalidValue("entry: must be an object with named fields")
    entry = _ENTRY.load({"body": "", "body_sha256": EMPTY_SHA256, **given})
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
