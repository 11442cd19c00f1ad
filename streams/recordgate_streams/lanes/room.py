"""How much one transaction may take in hand beyond what it is about: what does not fit is followed up in pages."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from recordgate_runtime.settings import Settings
from recordgate_schemas.values import NhsNumber
from recordgate_streams.decider.record import EntryKey
from recordgate_streams.ledger.records import RecordStore


@dataclass(slots=True)
class Room:
    """So many entries and bytes may still be taken. A patient's entries go in together or not at all."""

    entries: int
    bytes: int

    @classmethod
    def of_a_page(cls, settings: Settings) -> "Room":
        """Return as much room as a page has."""
        return cls(settings.page_entries, settings.batch_bytes)

    @property
    def most(self) -> int:
        """How many entries of one patient are worth asking for: with one more they do not fit."""
        return self.entries + 1

    def fit(
        self, records: RecordStore, keys: Iterable[EntryKey]
    ) -> tuple[set[EntryKey], set[NhsNumber]]:
        """Return the entries that fit, and the patients whose entries do not."""
        wanted: dict[NhsNumber, list[EntryKey]] = defaultdict(list)
        for key in sorted(keys):
            wanted[key[0]].append(key)
        taken: set[EntryKey] = set()
        left: set[NhsNumber] = set()
        for number, some in wanted.items():
            size = records.size_of(some) if len(some) <= self.entries else self.bytes + 1
            if size > self.bytes:
                left.add(number)
                continue
            taken.update(some)
            self.entries -= len(some)
            self.bytes -= size
        return taken, left
