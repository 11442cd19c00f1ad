"""The entries lane: accept entry versions, and decide them under the controls known by now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from recordgate_runtime.isolation import Isolation
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import ReceiptClass
from recordgate_schemas.splice import without_body
from recordgate_schemas.topics import ENTRIES
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.decider.accept import Arrival, accept
from recordgate_streams.decider.record import AcceptedEntry, EntryKey, Source
from recordgate_streams.lanes.decided import Cause
from recordgate_streams.lanes.deciding import count_decisions, decide_patients
from recordgate_streams.lanes.decode import Decoded, read_batch
from recordgate_streams.lanes.follow_up import follow_up
from recordgate_streams.lanes.messages import enqueue_decided, enqueue_receipt
from recordgate_streams.lanes.room import Room
from recordgate_streams.ledger.rows import NewVersion
from recordgate_streams.ledger.unit_of_work import LaneLedger, UnitOfWork
from recordgate_streams.policy.decision import Integrity

Entries = dict[EntryKey, AcceptedEntry]
Versions = dict[EntryKey, NewVersion]


class EntriesLane:
    """Processes batches of the topic `entries`."""

    topic = ENTRIES

    def __init__(self, ledger: LaneLedger, bodies: BodyReader, settings: Settings) -> None:
        self._ledger = ledger
        self._bodies = bodies
        self._settings = settings
        self._isolation = Isolation(self._process, self._set_aside, settings)

    @property
    def partitions(self) -> int:
        """How many partitions every topic has, as the ledger adopted it."""
        return self._ledger.partitions

    def resume(self, partitions: Sequence[int]) -> None:
        """Publish what was committed before a crash on these partitions."""
        self._ledger.republish(partitions)
        self._ledger.remember_isolated(ENTRIES, partitions, self._isolation.fuse)

    def tick(self, partitions: Sequence[int]) -> None:  # noqa: ARG002  the shape of a lane
        """Leave nothing in the outbox that was published; what time alone changes is the controls lane's to decide."""
        self._ledger.forget_confirmed()

    def stop(self) -> None:
        """Leave nothing in the outbox that was published."""
        self._ledger.forget_confirmed()

    def process_batch(self, records: Sequence[Record]) -> None:
        """Account for every record, decide what is accepted, commit, publish. Replays change nothing."""
        self._isolation.run(records)

    def pass_over(self, spans: Sequence[Span]) -> None:
        """Move past offsets that hold no record, where everything before them is accounted for."""
        self._ledger.pass_over(spans)

    def _process(self, records: Sequence[Record]) -> None:
        with self._ledger.transaction() as work:
            good, _ = read_batch(work, ENTRIES, records)
            patients = work.records.lock_patients({m.nhs_number: r.partition for r, m in good})
            versions = _accept(work, self._bodies, good)
            accepted = {key: version.accepted for key, version in versions.items()}
            causes = {m.nhs_number: Cause(_received_at(record)) for record, m in reversed(good)}
            room = Room.of_a_page(self._settings)
            decided = decide_patients(work, patients, causes, accepted, room, versions=versions)
            follow_up(work, decided, {})
            enqueue_decided(work, decided)
        count_decisions(self._ledger.lane, decided)

    def _set_aside(self, record: Record, reason: str) -> None:
        with self._ledger.transaction() as work:
            for one in work.claim_new_records(ENTRIES, [record]):
                work.quarantine(ENTRIES, one, reason)


def _accept(work: UnitOfWork, bodies: BodyReader, good: Sequence[Decoded]) -> Versions:
    """Account for the arrivals; return what is to be stored, each entry once, as it is after the batch."""
    arriving = _arriving(work, bodies, good)
    known = work.records.entries({new.key for new in arriving})
    accepted: Entries = {}
    unchanged: dict[EntryKey, Record] = {}
    for (record, _), new in zip(good, arriving, strict=True):
        before = accepted.get(new.key, known.get(new.key))
        arrival, after = accept(before, new)
        _account(work, new, arrival, replaced=before is not None)
        if after is new:
            unchanged[new.key] = record
        elif after != before:
            unchanged.pop(new.key, None)
        if after != before:
            accepted[new.key] = after
    accepted = _with_bodies(work, accepted, known)
    entries = [one.entry for one in accepted.values()]
    work.cascades.put_references(entries, accepted.keys() & known.keys())
    return {
        key: NewVersion(one, _envelope(one, unchanged.get(key)), replaces=key in known)
        for key, one in accepted.items()
    }


def _envelope(accepted: AcceptedEntry, record: Record | None) -> bytes:
    """Return an entry as it was published, without its body. `record`: None when it was made of two of them."""
    if record is None or record.value is None:
        return codec.encode(ENTRIES, replace(accepted.entry, body=b""))
    return without_body(record.value, accepted.entry)


def _arriving(work: UnitOfWork, bodies: BodyReader, good: Sequence[Decoded]) -> list[AcceptedEntry]:
    arriving = []
    for record, message in good:
        entry = cast("ClinicalEntry", message)
        integrity = Integrity(body_mismatch=bodies.mismatch(entry))
        source = Source(record.partition, record.offset, _received_at(record))
        arriving.append(AcceptedEntry(entry, integrity, source))
    return work.records.as_listed(arriving)


def _account(work: UnitOfWork, new: AcceptedEntry, arrival: Arrival, *, replaced: bool) -> None:
    """Count an arrival. A version that replaces another makes that one superseded: accepted counts what is current."""
    partition = new.source.partition
    if arrival is Arrival.ACCEPTED:
        kind = Arrival.SUPERSEDED if replaced else Arrival.ACCEPTED
        work.count(ENTRIES, partition, kind.value)
    else:
        work.count(ENTRIES, partition, arrival.value)
        enqueue_receipt(work, partition, new.entry, ReceiptClass(arrival.value))


def _with_bodies(
    work: UnitOfWork, accepted: Entries, known: Mapping[EntryKey, AcceptedEntry]
) -> Entries:
    """Return the entries with the stored body where one that changed was loaded without it."""
    bodiless = [
        key
        for key, one in accepted.items()
        if not one.entry.body and key in known and known[key].entry.version == one.entry.version
    ]
    bodies = work.records.bodies(bodiless) if bodiless else {}
    return {
        key: replace(one, entry=replace(one.entry, body=bodies[key])) if key in bodies else one
        for key, one in accepted.items()
    }


def _received_at(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
