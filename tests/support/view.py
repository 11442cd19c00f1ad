"""The view database under test: each lane under its own role, and a reader."""

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psycopg

from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.read import VisibleEntry, read_view
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime.postgres import connect
from recordgate_runtime.record import Record
from recordgate_schemas.control import Change
from recordgate_schemas.messages import IncarnationMessage, Released
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import SELF, Audience, NhsNumber
from tests.support.clock import FrozenClock
from tests.support.consumers import (
    INCARNATION,
    NOW,
    apply,
    control,
    published,
    redecided,
    registered,
)

TABLES = (
    "source_position, released_entry, audience_gate, gate_closure, entry_gate, message_partition, follow_up,"
    " waiting_marker, misrouted, replayed, partition_count, gate_freshness, isolated_record, view_home, catching_up"
)


class ViewDatabase:
    """Feeds the gate lane and the view sink; keeps their offsets, as a broker would."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._stack = contextlib.ExitStack()
        self.owner = self._stack.enter_context(psycopg.connect(dsn, autocommit=True))
        self.sink = self._connect("view_sink")
        self.gate = self._connect("gate_writer")
        self.reader = self._connect("view_reader")
        self.controls = 0
        self.released = 0

    def _connect(self, role: str) -> psycopg.Connection:
        return self._stack.enter_context(connect(self.dsn, role, autocommit=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def empty(self) -> None:
        """Forget everything."""
        self.owner.execute(f"truncate {TABLES}".encode())
        self.owner.execute("insert into gate_freshness values (0, clock_timestamp(), '1 year')")
        self.open_partition(0)
        self.controls = self.released = 0

    def open_partition(self, partition: int) -> None:
        """Say that all is published of the incarnation that tests speak of unless they say so."""
        self.owner.execute(
            "insert into message_partition (partition, incarnation, open) values (%s, %s, true)"
            " on conflict do nothing",
            (partition, INCARNATION),
        )

    def forget_freshness(self) -> None:
        """Let the gate lane under test say how fresh the gate is; nothing is readable before it does."""
        self.owner.execute("truncate gate_freshness")

    def is_fresh(self) -> bool:
        """Whether every partition is readable now."""
        row = self.owner.execute(
            "select coalesce(bool_and(clock_timestamp() < fresh_at + lease), false) from gate_freshness"
        ).fetchone()
        return bool(row and row[0])

    def control(self, change: Change, who: NhsNumber, **options: object) -> int:
        """Let the gate lane apply one control and return its position."""
        self.apply_controls([control(change, who, offset=self.controls, **options)])  # type: ignore[arg-type]
        return self.controls - 1

    def apply_controls(self, records: Sequence[Record]) -> None:
        apply(self.gate, GateLane(FrozenClock(NOW)), CONTROLS, records)
        self.controls += len(records)

    def publish(self, *messages: Released | IncarnationMessage) -> None:
        """Let the view sink apply messages as one batch."""
        records = [published(m, offset=self.released + i) for i, m in enumerate(messages)]
        apply(self.sink, ViewSink(FrozenClock(NOW)), RELEASED, records)
        self.released += len(records)

    def open_for(self, who: NhsNumber) -> int:
        """Register a patient and say that everything was decided; the sequence numbers start at 1 after it."""
        position = self.control(registered(), who)
        self.publish(redecided(0, who, position))
        return position

    def visible(self, who: NhsNumber, audience: Audience = SELF) -> list[VisibleEntry]:
        return read_view(self.reader, who, audience)

    def bodies(self, who: NhsNumber, audience: Audience = SELF) -> list[bytes]:
        return [entry.body for entry in self.visible(who, audience)]
