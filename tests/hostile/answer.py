"""What may be shown at most, going by what lies in the topics: the auditor's model, asked patient by patient.

A record counts if it decodes and has its patient's key in that patient's partition; all else counts as not said, but
for a control that cannot be read, which the model knows. A control that needs a signature and has none says nothing,
nor does what is under the id of another source, or from the future.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recordgate_audit.model import Judgement, decide_history
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.control import Control, EntryHidden
from recordgate_schemas.entry import ClinicalEntry, is_ahead
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_schemas.values import NhsNumber, is_foreign
from recordgate_streams.ruleset import current
from tests.hostile.traffic import home_of

SHOWN = ("RELEASED", "RELEASED_REDACTED")
OPENING = ("Reviewed", "StateConfirmed", "EntryShown")
"""Controls that open something, as does historic access. Nobody signed ours, so they say nothing."""

_DUMP = {
    CONTROLS.name: mapper(Control, "json").dump,
    ENTRIES.name: mapper(ClinicalEntry, "json").dump,
}


@dataclass(slots=True)
class Told:
    """What the topics say of one patient. `astray`: whether a control that may be about them closes them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    coordinates: list[str] = field(default_factory=list)
    astray: bool = False

    def allowed(self, now: datetime) -> dict[tuple[str, str], Judgement]:
        """What the model lets anybody see, by entry and audience."""
        rules = {**current().data, "hash": current().hash}
        judged = decide_history(self.events, rules, now)
        return {place: one for place, one in judged.items() if one.outcome in SHOWN}


def told(records: Iterable[Record]) -> Mapping[NhsNumber, Told]:
    """Sort the records of `controls` and `entries` by patient."""
    found: dict[NhsNumber, Told] = defaultdict(Told)
    for record in records:
        topic = CONTROLS if record.topic == CONTROLS.name else ENTRIES
        if not codec.is_tick(topic, record.value):
            _add(found, topic, record)
    return found


def _add(found: dict[NhsNumber, Told], topic: Topic, record: Record) -> None:
    message, key = _decoded(topic, record), _number(record.key)
    at_home = key is not None and record.partition == home_of(record.key, record.partitions)
    named = {one for one in (key, getattr(message, "nhs_number", None)) if one is not None}
    for one in named:
        found[one].coordinates.append(f"{topic.name}/{record.partition}/{record.offset}")
    if message is not None and at_home and message.nhs_number == key:
        if not _is_strange(message) and not _is_ahead(message, record):
            _count(found[message.nhs_number], topic, record, message)
    elif topic is CONTROLS:
        for one in named:
            found[one].astray = True
        if message is None and key is not None and at_home:
            found[key].events.append(_place(record) | {"unreadable": True})


def _is_strange(message: ClinicalEntry | Control) -> bool:
    """Whether an entry, or a hide of a version, is under an id that another source gives: it says nothing."""
    if isinstance(message, ClinicalEntry):
        return is_foreign(message.entry_id, message.practice, message.system)
    change = message.change
    if not isinstance(change, EntryHidden) or change.source_version is None:
        return False
    return is_foreign(change.entry_id, change.source_version.practice, change.source_version.system)


def _is_ahead(message: ClinicalEntry | Control, record: Record) -> bool:
    return isinstance(message, ClinicalEntry) and is_ahead(message, record.published_at)


def _count(one: Told, topic: Topic, record: Record, message: ClinicalEntry | Control) -> None:
    event = _place(record)
    stated = _DUMP[topic.name](message)  # type: ignore[misc]
    if isinstance(message, Control):
        change = stated["change"]
        if change["type"] not in OPENING and change.get("historic") is None:
            one.events.append(event | {"control": stated})
        return
    known = one.versions.get(message.entry_id)
    one.versions[message.entry_id] = max(
        message.version, message.version if known is None else known
    )
    one.events.append({"at": event["at"], "entry": stated, "body_mismatch": _is_flawed(message)})


def _is_flawed(entry: ClinicalEntry) -> bool:
    """Whether a body is not what is said of it: another hash, another type, or an element that is not in it."""
    if hashlib.sha256(entry.body).digest() != entry.body_sha256:
        return True
    if entry.body_type != "application/fhir+json":
        return True
    try:
        body = json.loads(entry.body)
    except ValueError:
        return True
    return any(not _leads_to(body, element.pointer) for element in entry.elements)


def _leads_to(node: Any, pointer: str) -> bool:
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        elif isinstance(node, dict) and step in node:
            node = node[step]
        else:
            return False
    return pointer.startswith("/")


def _place(record: Record) -> dict[str, Any]:
    return {"at": record.published_at.isoformat(), "position": record.offset}


def _decoded(topic: Topic, record: Record) -> ClinicalEntry | Control | None:
    try:
        found: ClinicalEntry | Control = codec.decode(topic, record.value)
    except PoisonError:
        return None
    return found


def _number(key: bytes | None) -> NhsNumber | None:
    try:
        return NhsNumber.parse((key or b"").decode("ascii"))
    except (UnicodeDecodeError, PoisonError):
        return None
