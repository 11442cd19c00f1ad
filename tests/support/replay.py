"""Plays random histories to the lanes of a ledger under test: each as another patient, all in one ledger."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

import nhs_number

from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import NhsNumber
from recordgate_streams.decider.history import Event
from recordgate_streams.decider.record import AcceptedEntry
from tests.support.ledger import Ledger

HINT = "third party"
"""What the body of an entry with a hint says."""


def patient(place: int) -> NhsNumber:
    """The patient of a place: a synthetic number (999...) whose check digit holds."""
    first = 999_100_000 + place * 2
    found = (f"{first + step}{digit}" for step in (0, 1) for digit in range(10))
    return NhsNumber.parse(next(number for number in found if nhs_number.is_valid(number)))


def replay(ledger: Ledger, histories: Sequence[Sequence[Event]], rng: Random) -> None:
    """Let both lanes take everything in, in batches, controls and entries in any interleaving."""
    records = [
        _record(ledger, event, patient(place))
        for place, events in enumerate(histories)
        for event in events
    ]
    for topic, lane in ((CONTROLS, ledger.controls), (ENTRIES, ledger.entries)):
        mine = [record for record in records if record.topic == topic.name]
        half = rng.randrange(len(mine) + 1)
        for batch in (mine[:half], mine[half:]):
            if batch:
                lane.process_batch(batch)


def _record(ledger: Ledger, event: Event, number: NhsNumber) -> Record:
    if isinstance(event, AcceptedEntry):
        text = HINT if event.integrity.text_hint else "nothing"
        body = json.dumps({"mismatch": event.integrity.body_mismatch, "text": text}).encode()
        entry = replace(event.entry, nhs_number=number, body=body)
        return ledger.raw(ENTRIES, codec.encode(ENTRIES, entry), number.digits.encode())
    if event.control is None:
        return _at(ledger.raw(CONTROLS, b"junk", number.digits.encode()), event.received_at)
    return _at(
        ledger.record(CONTROLS, replace(event.control, nhs_number=number)), event.received_at
    )


def _at(record: Record, at: datetime) -> Record:
    return replace(record, timestamp_ms=int(at.timestamp() * 1000))
