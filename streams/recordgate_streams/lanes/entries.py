"""The entries lane: accept entry versions and decide them under the controls known by now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from recordgate_runtime.kafka import Record
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import ReceiptClass
from recordgate_schemas.topics import ENTRIES
from recordgate_streams.decider.accept import Arrival, body_lies, classify, content, merge
from recordgate_streams.lanes.deciding import Cause
from recordgate_streams.lanes.records import Decoded, decode_all
from recordgate_streams.lanes.transaction import LaneTransaction
from recordgate_streams.lanes.verdicts import decide_within
from recordgate_streams.lanes.work import Work
from recordgate_streams.ledger.rows import EntryKey, StoredEntry
from recordgate_streams.ledger.store import entry_key


class EntriesLane:
    """Processes batches of the topic `entries`."""

    topic = ENTRIES

    def __init__(self, ledger: LaneTransaction) -> None:
        self._ledger = ledger

    def resume(self, partitions: Sequence[int]) -> None:
        """Publish what was committed before a crash on these partitions."""
        self._ledger.republish(partitions)

    def tick(self, partitions: Sequence[int]) -> None:
        """Time alone changes nothing here: the controls lane decides again."""

    def process_batch(self, records: Sequence[Record]) -> None:
        """Account for every record, decide what is accepted, commit, publish. Replays change nothing."""
        with self._ledger.begin() as work:
            good, bad = decode_all(ENTRIES, self._ledger.fresh(ENTRIES, records))
            for record, error in bad:
                work.quarantine(ENTRIES, record, error)
            if good:
                self._decide(work, good)

    def _decide(self, work: Work, good: list[Decoded]) -> None:
        patients = work.store.lock_patients({m.nhs_number: r.partition for r, m in good})
        causes = {m.nhs_number: Cause(_published_at(record)) for record, m in reversed(good)}
        accepted = _accept(work, good)
        work.relatives.put_pointers([stored.entry for stored in accepted.values()])
        decide_within(work, patients, causes, work.store.subjects(list(accepted.values())))


def _accept(work: Work, good: list[Decoded]) -> dict[EntryKey, StoredEntry]:
    """Store what is new of the batch and return it, each entry once, as it stands after the batch."""
    entries = [cast("ClinicalEntry", message) for _, message in good]
    known = work.store.load_entries(sorted({entry_key(e) for e in entries}))
    gone = work.store.gone(entries)
    accepted: dict[EntryKey, StoredEntry] = {}
    for place, ((record, _), entry) in enumerate(zip(good, entries, strict=True)):
        key = entry_key(entry)
        before = accepted.get(key, known.get(key))
        new = _stored(record, entry, gone=place in gone)
        arrival = classify(before.entry if before else None, entry)
        if arrival is Arrival.ACCEPTED:
            _account_accepted(work, record, before)
            accepted[key] = new
            continue
        after = _merged(before, new) if before else new
        if before and after.conflict and not before.conflict and arrival is Arrival.DUPLICATE:
            arrival = Arrival.SUPERSEDED  # equal envelopes, one of which lies about its body
        work.count(ENTRIES, record.partition, arrival.value)
        work.tell_receipt(record.partition, entry, ReceiptClass(arrival.value))
        if after != before:
            accepted[key] = after
    return _put(work, accepted, known)


def _merged(before: StoredEntry, new: StoredEntry) -> StoredEntry:
    """What stands after another arrival of the same version, or of a lower one, which changes nothing."""
    if new.entry.version < before.entry.version:
        return before
    later = new.entry.extracted_at > before.entry.extracted_at
    return replace(
        before,
        entry=merge(before.entry, new.entry),
        conflict=before.conflict or _contradict(before, new),
        body_mismatch=before.body_mismatch or new.body_mismatch,
        gone_at_source=new.gone_at_source if later else before.gone_at_source,
    )


def _contradict(one: StoredEntry, other: StoredEntry) -> bool:
    """Two contents of one version, or one of two arrivals lies about its body: neither is believed."""
    same = content(one.entry) == content(other.entry)
    return not same or one.body_mismatch != other.body_mismatch


def _account_accepted(work: Work, record: Record, before: StoredEntry | None) -> None:
    """A version that takes another's place makes that one superseded: accepted counts what stands."""
    if before is None:
        work.count(ENTRIES, record.partition, Arrival.ACCEPTED.value)
    else:
        work.count(ENTRIES, record.partition, Arrival.SUPERSEDED.value)


def _put(
    work: Work, accepted: dict[EntryKey, StoredEntry], known: dict[EntryKey, StoredEntry]
) -> dict[EntryKey, StoredEntry]:
    """Store accepted entries; a version that stood before the batch, loaded without its body, gets it back first."""
    bodiless = [
        key
        for key, stored in accepted.items()
        if not stored.entry.body
        and key in known
        and known[key].entry.version == stored.entry.version
    ]
    bodies = work.store.load_bodies(bodiless) if bodiless else {}
    for key, body in bodies.items():
        stored = accepted[key]
        accepted[key] = replace(stored, entry=replace(stored.entry, body=body))
    work.store.put_entries(list(accepted.values()))
    return accepted


def _stored(record: Record, entry: ClinicalEntry, *, gone: bool) -> StoredEntry:
    return StoredEntry(
        entry=entry,
        conflict=False,
        body_mismatch=body_lies(entry),
        partition=record.partition,
        offset=record.offset,
        published_at=_published_at(record),
        gone_at_source=gone,
    )


def _published_at(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
