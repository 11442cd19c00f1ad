"""Patients that wait to be decided again, page by page, after a control, a moment in time or a change of rules."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import psycopg

from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.decider.record import AcceptedEntry
from recordgate_streams.ledger.records import SQL, RecordStore, accepted_entry, numbers_of
from recordgate_streams.ledger.rows import Redecision, number_of, stored


class RedecisionStore:
    """The table `redecision`, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection

    def ask(self, asked: Iterable[Redecision]) -> None:
        """Ask for patients to be decided again; a wider request absorbs a narrower one."""
        rows = [
            {
                "nhs_number": stored(one.nhs_number),
                "partition": one.partition,
                "through": one.through,
                "entry_ids": None if one.entry_ids is None else list(one.entry_ids),
                "forced": list(one.forced),
                "published_at": one.published_at,
                "publish_all": one.publish_all,
            }
            for one in asked
        ]
        self._db.cursor().executemany(SQL["ask_redecision"], rows)

    def next_patients(
        self, partitions: Sequence[int], limit: int, left: Collection[NhsNumber] = ()
    ) -> list[NhsNumber]:
        """Return the patients that are next to be decided again, without those to be left out."""
        without = [stored(number) for number in left]
        wanted = {"partitions": list(partitions), "patients": limit, "without": without}
        return [number_of(n) for (n,) in self._db.execute(SQL["next_redecisions"], wanted)]

    def read(self, numbers: Sequence[NhsNumber]) -> dict[NhsNumber, Redecision]:
        """Return what is asked for the patients, which the caller has locked."""
        return {
            number_of(n): Redecision(
                number_of(n),
                p,
                through,
                None if ids is None else tuple(map(EntryId, ids)),
                tuple(map(EntryId, forced)),
                at,
                publish_all,
                closing,
            )
            for n, p, through, ids, forced, at, publish_all, closing in self._db.execute(
                SQL["read_redecisions"], numbers_of(numbers)
            )
        }

    def asked_for(self, numbers: Collection[NhsNumber]) -> set[NhsNumber]:
        """Return which of these locked patients wait to be decided again, wholly or for a further page."""
        rows = self._db.execute(SQL["patients_asked_for"], numbers_of(numbers))
        return {number_of(n) for (n,) in rows}

    def ask_again(self, one: Redecision) -> None:
        """Ask for all entries of a patient; pages that are being decided begin anew when they are done."""
        values = {
            "nhs_number": stored(one.nhs_number),
            "partition": one.partition,
            "through": one.through,
            "published_at": one.published_at,
            "closing": one.closing,
        }
        self._db.execute(SQL["ask_again"], values)

    def put_closings(self, closings: Mapping[NhsNumber, int]) -> None:
        """Remember the numbers of the messages that closed patients."""
        rows = [{"nhs_number": stored(n), "closing": closing} for n, closing in closings.items()]
        self._db.cursor().executemany(SQL["put_closing"], rows)

    def page(
        self, numbers: Sequence[NhsNumber], limit: int, most_bytes: int
    ) -> tuple[list[AcceptedEntry], bool]:
        """Return the next entries to decide again, by patient and entry id, without bodies; and whether it is full."""
        wanted = numbers_of(numbers) | {"limit": limit, "most_bytes": most_bytes}
        rows = self._db.execute(SQL["page_entries"], wanted, binary=True).fetchall()
        found = RecordStore(self._db).as_listed([accepted_entry(row[:-1]) for row in rows])
        return found, bool(rows) and (len(rows) == limit or rows[0][-1] > len(rows))

    def advance(self, number: NhsNumber, after: EntryId) -> None:
        """Remember the last entry of the page; the patient's next page begins after it."""
        self._db.execute(SQL["advance_redecision"], {"nhs_number": stored(number), "after": after})

    def end(self, numbers: Sequence[NhsNumber]) -> set[NhsNumber]:
        """Store that these patients are decided, and return those of whom nothing was left over."""
        rows = self._db.execute(SQL["end_redecisions"], numbers_of(numbers)).fetchall()
        self._db.execute(SQL["restart_redecisions"], numbers_of(numbers))
        return {number_of(number) for (number,) in rows}
