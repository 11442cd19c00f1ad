"""Isolates bad records: a batch that fails is tried again in halves until the record at fault is alone, and set aside.

Nothing a record contains may stop everybody. A fuse tells a bad record from a bad deployment, which would divert all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import psycopg

from recordgate_runtime.logs import LogCode, log, where
from recordgate_runtime.metrics import ISOLATED
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, PoisonError, RecordgateError

ISOLATED_ERROR = "isolated: "
"""How the reason of a record begins that was set aside because processing it failed."""

WINDOW = 1_000
"""Offsets of a partition over which the fuse counts."""

_OF_THE_RECORD = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What PostgreSQL says of values. Everything else that it says is about itself, the connection or our statements."""

Apply = Callable[[Sequence[Record]], None]
SetAside = Callable[[Record, str], None]
Coordinates = tuple[str, int]


class Fuse:
    """Counts the records set aside, by partition; blows before it would be too many.

    `in_a_row`: consecutive offsets; `in_window`: among the last WINDOW. What was set aside before a restart counts too,
    given to `remember`: else each restart of a bad deployment would divert some more.
    """

    def __init__(self, in_a_row: int, in_window: int) -> None:
        self._in_a_row, self._in_window = in_a_row, in_window
        self._offsets: dict[Coordinates, set[int]] = {}

    def remember(self, topic: str, partition: int, offsets: Iterable[int]) -> None:
        """Count records that were set aside before."""
        self._offsets.setdefault((topic, partition), set()).update(offsets)

    def check(self, record: Record, reason: str) -> None:
        """Count a record that is to be set aside; raise FatalError, and set nothing aside, if it is one too many."""
        place = (record.topic, record.partition)
        known = {
            o for o in self._offsets.get(place, ()) if record.offset - WINDOW < o < record.offset
        }
        row = next(n for n in range(WINDOW + 1) if record.offset - 1 - n not in known)
        if row >= self._in_a_row or len(known) >= self._in_window:
            raise FatalError(
                f"{record.topic}/{record.partition}: {row} records in a row and {len(known)} of the last {WINDOW} could"
                f" not be processed, now {record.offset} ({reason}); see docs/runbook/isolation-fuse.md"
            )
        self._offsets[place] = known | {record.offset}


class Isolation:
    """Applies batches in bounded parts, whatever their records contain."""

    def __init__(self, apply: Apply, set_aside: SetAside, settings: Settings) -> None:
        """Take what applies records in one transaction, and what sets one aside; both may raise."""
        self._apply, self._set_aside = apply, set_aside
        self._most_bytes = settings.batch_bytes
        self.fuse = Fuse(settings.isolated_in_a_row, settings.isolated_in_1000)

    def run(self, records: Sequence[Record]) -> None:
        """Apply the records in order; those that cannot be applied are set aside, alone."""
        for part in parts(records, self._most_bytes):
            self._isolate(part)

    def _isolate(self, records: Sequence[Record]) -> None:
        try:
            self._apply(records)
        except Exception as error:
            if not blames_a_record(error):
                raise
            if len(records) > 1:
                middle = len(records) // 2
                self._isolate(records[:middle])
                self._isolate(records[middle:])
            else:
                self._give_up(records[0], error)

    def _give_up(self, record: Record, error: Exception) -> None:
        reason = f"{ISOLATED_ERROR}{type(error).__name__} at {where(error)}"
        self.fuse.check(record, reason)
        self._set_aside(record, reason)
        ISOLATED.labels(record.topic).inc()
        log(
            LogCode.ISOLATED,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error=type(error).__name__,
            where=where(error),
        )


def blames_a_record(error: Exception) -> bool:
    """Whether an error may come from what a record contains. All others end the process.

    SAFETY: a lost connection, a lock that was not given or a full disk would fail for every record, and pass.
    """
    if isinstance(error, psycopg.Error):
        return isinstance(error, _OF_THE_RECORD)
    if isinstance(error, RecordgateError):
        return isinstance(error, PoisonError)
    return not isinstance(error, OSError | MemoryError)


def parts(records: Sequence[Record], most_bytes: int) -> Iterator[Sequence[Record]]:
    """Cut records into parts that have no more bytes than that; a larger record is alone."""
    begin = size = 0
    for place, record in enumerate(records):
        grown = size + size_of(record)
        if place > begin and grown > most_bytes:
            yield records[begin:place]
            begin, grown = place, size_of(record)
        size = grown
    if records:
        yield records[begin:]


def size_of(record: Record) -> int:
    """Return the bytes of a record's key and value."""
    return len(record.key or b"") + len(record.value or b"")
