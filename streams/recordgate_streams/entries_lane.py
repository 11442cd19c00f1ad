"""The entries lane: accept entry versions and decide them under the controls known by now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from recordgate_runtime.kafka import Record
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import ReceiptClass
from recordgate_schemas.topics import ENTRIES
from recordgate_streams.accept import Arrival, body_lies, classify
from recordgate_streams.ledger.rows import EntryKey, StoredEntry
from recordgate_streams.ledger.store import entry_key
from recordgate_streams.records import Decoded, decode_all
from recordgate_streams.ruleset import Ruleset
from recordgate_streams.transaction import LaneTransaction
from recordgate_streams.verdicts import verdicts
from recordgate_streams.work import Work


class EntriesLane:
    """Processes batches of the topic `entries`."""

    topic = ENTRIES

    def __init__(self, ledger: LaneTransaction, ruleset: Ruleset) -> None:
        self._ledger = ledger
        self._ruleset = ruleset

    def resume(self, partitions: Sequence[int]) -> None:
        """Publish what was committed before a crash on these partitions."""
        self._ledger.republish(partitions)

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
        accepted = _accept(work, good)
        for subject in work.store.subjects(list(accepted.values())):
            stored = subject.stored
            patient = patients[stored.entry.nhs_number]
            work.verdicts += verdicts(subject, patient, self._ruleset, work.at, stored.published_at)


def _accept(work: Work, good: list[Decoded]) -> dict[EntryKey, StoredEntry]:
    """Store what is new of the batch and return it, each entry once, as it stands after the batch."""
    entries = [cast("ClinicalEntry", message) for _, message in good]
    known = work.store.load_entries(sorted({entry_key(e) for e in entries}))
    gone = work.store.gone(entries)
    accepted: dict[EntryKey, StoredEntry] = {}
    conflicts: dict[EntryKey, StoredEntry] = {}
    for place, ((record, _), entry) in enumerate(zip(good, entries, strict=True)):
        key = entry_key(entry)
        before = accepted.get(key, known.get(key))
        arrival, conflict = _classify(before, entry)
        new = _stored(record, entry, gone=place in gone)
        if arrival is Arrival.ACCEPTED:
            _account_accepted(work, record, before)
            accepted[key] = new
        else:
            work.count(ENTRIES, record.partition, arrival.value)
            work.tell_receipt(record.partition, entry, ReceiptClass(arrival.value))
        if arrival is Arrival.DUPLICATE and before is not None:
            accepted |= _refreshed(key, before, new)
        if conflict and before is not None:
            conflicts[key] = replace(before, conflict=True)
            if key in accepted:
                accepted[key] = conflicts[key]
    work.store.put_entries(list(accepted.values()))
    return _with_conflicts(work, accepted, conflicts)


def _classify(before: StoredEntry | None, entry: ClinicalEntry) -> tuple[Arrival, bool]:
    """As `classify`; and of two equal envelopes one of which lies about its body, neither is believed."""
    arrival, conflict = classify(before, entry)
    if arrival is Arrival.DUPLICATE and before and body_lies(entry) != before.body_mismatch:
        return Arrival.SUPERSEDED, True
    return arrival, conflict


def _refreshed(key: EntryKey, before: StoredEntry, new: StoredEntry) -> dict[EntryKey, StoredEntry]:
    """A duplicate extracted later says that the entry was still there: an older snapshot cannot have lost it."""
    if new.entry.extracted_at <= before.entry.extracted_at:
        return {}
    said = (before.partition, before.offset, before.published_at)
    return {
        key: StoredEntry(
            new.entry, before.conflict, before.body_mismatch, *said, new.gone_at_source
        )
    }


def _account_accepted(work: Work, record: Record, before: StoredEntry | None) -> None:
    """A version that takes another's place makes that one superseded: accepted counts what stands."""
    if before is None:
        work.count(ENTRIES, record.partition, Arrival.ACCEPTED.value)
    else:
        work.count(ENTRIES, record.partition, Arrival.SUPERSEDED.value)


def _with_conflicts(
    work: Work, accepted: dict[EntryKey, StoredEntry], conflicts: dict[EntryKey, StoredEntry]
) -> dict[EntryKey, StoredEntry]:
    stored_before = {key: value for key, value in conflicts.items() if key not in accepted}
    bodies = work.store.load_bodies(list(stored_before))
    for key, value in stored_before.items():
        stored_before[key] = replace(value, entry=replace(value.entry, body=bodies[key]))
    work.store.put_entries(list(stored_before.values()))
    return accepted | stored_before


def _stored(record: Record, entry: ClinicalEntry, *, gone: bool) -> StoredEntry:
    return StoredEntry(
        entry=entry,
        conflict=False,
        body_mismatch=body_lies(entry),
        partition=record.partition,
        offset=record.offset,
        published_at=datetime.fromtimestamp(record.timestamp_ms / 1000, UTC),
        gone_at_source=gone,
    )
