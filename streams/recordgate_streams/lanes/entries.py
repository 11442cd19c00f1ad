"""The entries lane: accept entry versions, and decide them under the controls known by now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from recordgate_runtime.isolation import Isolation
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import ReceiptClass
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
from recordgate_streams.ledger.unit_of_work import LaneLedger, UnitOfWork
from recordgate_streams.policy.decision import Integrity

Entries = dict[EntryKey, AcceptedEntry]


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
            accepted = _accept(work, self._bodies, good)
            causes = {m.nhs_number: Cause(_received_at(record)) for record, m in reversed(good)}
            room = Room.of_a_page(self._settings)
            decided = decide_patients(work, patients, causes, accepted, room)
            follow_up(work, decided, {})
            enqueue_decided(work, decided)
        count_decisions(self._ledger.lane, decided)

    def _set_aside(self, record: Record, reason: str) -> None:
        with self._ledger.transaction() as work:
            for one in work.claim_new_records(ENTRIES, [record]):
                work.quarantine(ENTRIES, one, reason)


def _accept(work: UnitOfWork, bodies: BodyReader, good: Sequence[Decoded]) -> Entries:
    """Account for the arrivals; store what is new and return it, each entry once, as it is after the batch."""
    arriving = _arriving(work, bodies, good)
    known = work.records.entries({new.key for new in arriving})
    accepted: Entries = {}
    for new in arriving:
        before = accepted.get(new.key, known.get(new.key))
        arrival, after = accept(before, new)
        _account(work, new, arrival, replaced=before is not None)
        if after != before:
            accepted[new.key] = after
    accepted = _with_bodies(work, accepted, known)
    work.records.put_entries(list(accepted.values()))
    work.cascades.put_references([one.entry for one in accepted.values()])
    return accepted


def _arriving(work: UnitOfWork, bodies: BodyReader, good: Sequence[Decoded]) -> list[AcceptedEntry]:
    arriving = []
    for record, message in good:
        entry = cast("ClinicalEntry", message)
        integrity = Integrity(body_mismatch=bodies.mismatch(entry))
        source = Source(record.partition, record.offset, _received_at(record))
        arriving.append(AcceptedEntry(entry, integrity, source))
    gone = work.records.gone_at_source(arriving)
    return [
        replace(new, integrity=replace(new.integrity, gone_at_source=index in gone))
        for index, new in enumerate(arriving)
    ]


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
