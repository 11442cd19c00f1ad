"""Patients with valid records: half of them simulated and open, half with a random history. The same for a seed."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_schemas import codec
from recordgate_schemas.control import Change, Control, EntryHidden, HideCause
from recordgate_schemas.entry import ClinicalEntry, Coding
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.decider.record import AcceptedEntry
from tests.histories.cases import random_case
from tests.histories.words import ruleset
from tests.support.events import parse_events

UNREADABLE = b"\xc3\x01 not a control"
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as it is to be sent. `partition` None: where its key belongs. `how`: what was done to it."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    how: str = "as it should be"


def patients(seed: int) -> Iterator[tuple[NhsNumber, list[Sent]]]:
    """Yield patients without end, each with valid records in the order in which they are sent."""
    rng = Random(seed)
    for one in simulate(10**6, 6, seed):
        made = _simulated(rng, one) if rng.random() < 0.5 else _random(rng, one.nhs_number)
        yield one.nhs_number, made


def _simulated(rng: Random, one: SimulatedPatient) -> list[Sent]:
    """All is shown, but for a label, a hide, or what a newer version of either kind changes."""
    records: list[ClinicalEntry | Control] = list(one.controls)
    for entry in one.entries:
        label = Coding("http://hl7.org/fhir/v3/ActCode", "NOPAT")
        labels = (label,) if rng.random() < 0.1 else ()
        records.append(replace(entry, labels=labels))
        if rng.random() < 0.1:
            records.append(replace(entry, version=entry.version + 1))
    for entry in rng.sample(one.entries, rng.choice((0, 0, 1, 2))):
        hide = EntryHidden(entry.entry_id, (), rng.choice((HideCause.NOPAT, HideCause.IN_ERROR)))
        records.append(_control(rng, one.nhs_number, hide))
    return [_valid(record) for record in records]


def _control(rng: Random, number: NhsNumber, change: Change) -> Control:
    return Control(f"hostile-{rng.randrange(10**9)}", number, NOW, "test", change)


def _random(rng: Random, number: NhsNumber) -> list[Sent]:
    events = random_case(rng, ruleset()).events
    made = []
    for event in parse_events(events):
        if isinstance(event, AcceptedEntry):
            flaw = event.integrity.body_mismatch
            made.append(_valid(_with_body(replace(event.entry, nhs_number=number), flaw=flaw)))
        elif event.control is None:
            made.append(Sent(CONTROLS, number.key, UNREADABLE, how="unreadable"))
        else:
            made.append(_valid(replace(event.control, nhs_number=number)))
    return made


def _with_body(entry: ClinicalEntry, *, flaw: bool) -> ClinicalEntry:
    """A body in which every element of the history can be dropped; it tells contents apart, as the hash did."""
    text = json.dumps(body_of(entry.entry_id, entry.body_sha256.hex())).encode()
    digest = b"\0" * 32 if flaw else hashlib.sha256(text).digest()
    return replace(entry, body=text, body_sha256=digest)


def body_of(entry_id: str, content: str) -> dict[str, Any]:
    """What stands where the pointers of random histories lead, each under a text of its own."""
    return {
        "resourceType": "Encounter",
        "id": entry_id,
        "content": content,
        "note": mark("/note"),
        "presentedForm": [mark("/presentedForm/0")],
        "component": ["first", mark("/component/1")],
        "a/b": mark("/a~1b"),
    }


def mark(pointer: str) -> str:
    """The text at a pointer, which must not be in a body from which it was dropped."""
    return f"<{pointer}>"


def _valid(message: ClinicalEntry | Control) -> Sent:
    topic = CONTROLS if isinstance(message, Control) else ENTRIES
    return Sent(topic, message.nhs_number.key, codec.encode(topic, message))


def shuffled(rng: Random, queues: Sequence[list[Sent]]) -> list[Sent]:
    """Merge the records of several patients in any way that keeps each patient's order."""
    order = [place for place, queue in enumerate(queues) for _ in queue]
    rng.shuffle(order)
    following = [iter(queue) for queue in queues]
    return [next(following[place]) for place in order]
