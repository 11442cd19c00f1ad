"""Section 1, histories: the events as they are stated, and which version of an entry counts."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

Change = Mapping[str, Any]
"""What a control says, in its JSON form."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control; `change` stays the JSON it came as."""

    counts_from: datetime
    position: int
    change: Change


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A control that could not be read."""

    position: int


@dataclass(frozen=True, slots=True)
class Link:
    """The carrier stands in `relation` to `entry_id`."""

    entry_id: str
    relation: str


@dataclass(frozen=True, slots=True)
class Element:
    """A droppable part of a body; with an `entry_id` it is a pointer to that entry."""

    kind: str
    pointer: str
    entry_id: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of an entry. Equal means: the same content, as section 1 has it."""

    entry_id: str
    version: int
    nhs_number: str
    practice: str
    system: str
    kind: str
    readiness: str
    event_date: date | None
    recorded_at: datetime | None
    available_at: datetime | None
    extracted_at: datetime = field(compare=False)
    origin: str
    hide_tags_trusted: bool
    labels: tuple[tuple[str, str], ...]
    codes: tuple[tuple[str, str], ...]
    markers: tuple[str, ...]
    online_visibility: str
    staff_private: bool
    third_party: str
    not_for_grants: tuple[str, ...]
    links: tuple[Link, ...]
    elements: tuple[Element, ...]
    body_type: str
    body_sha256: bytes
    body_mismatch: bool = field(compare=False)
    text_hint: bool = field(compare=False)
    conflict: bool = field(default=False, compare=False)


Entries = Mapping[str, Entry]
"""By entry id its highest version, joined from its contents when they are in conflict."""


@dataclass(frozen=True, slots=True)
class History:
    """All that was stated of one patient."""

    controls: tuple[Control, ...]
    unreadable: tuple[Unreadable, ...]
    entries: Entries


def read_history(events: Sequence[Mapping[str, Any]]) -> History:
    """Return the history of these events; a field the schema demands and they lack is a KeyError."""
    stated = [event for event in events if "entry" not in event]
    placed = [(event.get("position", place), event) for place, event in enumerate(stated)]
    return History(
        tuple(_control(position, event) for position, event in placed if "control" in event),
        tuple(Unreadable(position) for position, event in placed if "control" not in event),
        _highest_versions([_entry(event) for event in events if "entry" in event]),
    )


def _control(position: int, event: Mapping[str, Any]) -> Control:
    effective_at = datetime.fromisoformat(event["control"]["effective_at"])
    received_at = datetime.fromisoformat(event["at"])
    return Control(min(effective_at, received_at), position, event["control"]["change"])


def _entry(event: Mapping[str, Any]) -> Entry:
    stated = event["entry"]
    return Entry(
        entry_id=stated["entry_id"],
        version=stated["version"],
        nhs_number=stated["nhs_number"],
        practice=stated["practice"],
        system=stated["system"],
        kind=stated["kind"],
        readiness=stated["readiness"],
        event_date=optional_date(stated["event_date"]),
        recorded_at=_optional_instant(stated["recorded_at"]),
        available_at=_optional_instant(stated["available_at"]),
        extracted_at=datetime.fromisoformat(stated["extracted_at"]),
        origin=stated["origin"],
        hide_tags_trusted=stated["hide_tags_trusted"],
        labels=tuple((label["system"], label["code"]) for label in stated["labels"]),
        codes=tuple((code["system"], code["code"]) for code in stated["codes"]),
        markers=tuple(stated["markers"]),
        online_visibility=stated["online_visibility"],
        staff_private=stated["staff_private"],
        third_party=stated["third_party"],
        not_for_grants=tuple(stated["not_for_grants"]),
        links=tuple(Link(link["entry_id"], link["relation"]) for link in stated["links"]),
        elements=tuple(
            Element(part["kind"], part["pointer"], part.get("entry_id"))
            for part in stated["elements"]
        ),
        body_type=stated["body_type"],
        body_sha256=_body_hash(stated),
        body_mismatch=event.get("body_mismatch", False),
        text_hint=event.get("text_hint", False),
    )


def optional_date(text: str | None) -> date | None:
    """Return the date that ISO text names, if there is text."""
    return None if text is None else date.fromisoformat(text)


def _optional_instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _body_hash(stated: Mapping[str, Any]) -> bytes:
    """The hash the envelope names; a history that leaves it out means the body's own, of an empty one if need be."""
    if "body_sha256" in stated:
        return base64.b64decode(stated["body_sha256"])
    return hashlib.sha256(base64.b64decode(stated.get("body", ""))).digest()


def _highest_versions(arrived: Sequence[Entry]) -> Entries:
    entries: dict[str, Entry] = {}
    for entry_id in {entry.entry_id for entry in arrived}:
        versions = [entry for entry in arrived if entry.entry_id == entry_id]
        highest = max(entry.version for entry in versions)
        entries[entry_id] = joined([e for e in versions if e.version == highest])
    return entries


def joined(arrivals: Sequence[Entry]) -> Entry:
    """Return what counts of all arrivals of one version: one content, or what any of several says of others."""
    mismatches = {entry.body_mismatch for entry in arrivals}
    greatest = max(arrivals, key=lambda entry: entry.body_sha256)
    found = replace(
        greatest,
        extracted_at=max(entry.extracted_at for entry in arrivals),
        body_mismatch=any(mismatches),
        text_hint=any(entry.text_hint for entry in arrivals),
    )
    if all(entry == arrivals[0] for entry in arrivals):
        return replace(found, conflict=len(mismatches) > 1)
    together: dict[str, Any] = {name: _greatest(arrivals, name) for name in _GREATER}
    together |= {name: _all_of(arrivals, name) for name in _LISTS}
    return replace(
        found,
        **together,
        conflict=True,
        recorded_at=_latest_if_all_known([entry.recorded_at for entry in arrivals]),
        readiness=_readiness([entry.readiness for entry in arrivals]),
        online_visibility=_first_stated(arrivals, "online_visibility", _VISIBILITIES),
        third_party=_first_stated(arrivals, "third_party", _THIRD_PARTIES),
        staff_private=any(entry.staff_private for entry in arrivals),
        hide_tags_trusted=all(entry.hide_tags_trusted for entry in arrivals),
    )


_GREATER = ("practice", "system", "kind", "event_date", "available_at", "origin", "body_type")
_LISTS = ("labels", "codes", "markers", "not_for_grants", "links", "elements")
_VISIBILITIES = ("hidden", "unknown", "unset", "shown")
_THIRD_PARTIES = ("present", "unknown", "clinician_only", "none")


def _greatest(arrivals: Sequence[Entry], name: str) -> Any:
    known = [getattr(entry, name) for entry in arrivals if getattr(entry, name) is not None]
    return max(known, key=str) if known else None


def _all_of(arrivals: Sequence[Entry], name: str) -> tuple[Any, ...]:
    return tuple(sorted({one for entry in arrivals for one in getattr(entry, name)}, key=str))


def _latest_if_all_known(instants: Sequence[datetime | None]) -> datetime | None:
    known = [instant for instant in instants if instant is not None]
    return max(known) if len(known) == len(instants) else None


def _readiness(stated: Sequence[str]) -> str:
    others = [readiness for readiness in stated if readiness != "in_error"]
    return max(others) if others else "in_error"


def _first_stated(arrivals: Sequence[Entry], name: str, order: Sequence[str]) -> str:
    stated = {getattr(entry, name) for entry in arrivals}
    return next(value for value in order if value in stated)
