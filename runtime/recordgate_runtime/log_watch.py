"""Sees, while a process runs, that the log it reads is still the one it has read.

At the start and once a second: every topic has as many partitions as before, the topic that is read has its id, each
position lies within the log, and the record before it is the one that was applied. INVARIANT: whatever was fetched is
applied only if the record before it was found again afterwards. So a tail that was lost and filled again is noticed
even if reading has gone on behind it: the record before is another one then. The topic's settings are compared at the
start and once a minute.

A broker that does not say so is asked again, for half a minute: it may be away, or may have taken the right to read.
Then the process ends, and starts anew as it would on any other day.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.kafka import (
    PARTITIONS_PAGE,
    TopicState,
    check_settings,
    describe,
    open_admin,
)
from recordgate_runtime.log_probe import ANSWER_S, LogProbe, OutOfRange, Range
from recordgate_runtime.positions import Position
from recordgate_runtime.record import Mark
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import TOPICS, Topic

CHECK_EVERY_S = 1.0
"""Seconds between two looks."""

SETTINGS_EVERY_S = 60.0
"""Seconds between two looks at the topic's settings."""

CONFIRM_S = 30.0
"""Seconds that a process goes on while the broker does not say whether the log is the same."""

_ASK_AGAIN_S = 0.2

OUTSIDE_PAGE = "docs/runbook/position-outside-log.md"

Before = tuple[Mark, int]
"""The last record before an offset, and the offset: none lies in between."""

_Seen = tuple[Position, int]
"""A position, and the leader epoch of its partition: another one when the leader has changed."""


class LogWatch:
    """Compares stored positions with the broker; threads may share it. `connection`: where the positions are."""

    def __init__(
        self,
        topic: Topic,
        settings: Settings,
        connection: psycopg.Connection,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topic, self._settings, self._db = topic, settings, connection
        self._monotonic = monotonic
        self._due = monotonic() + CHECK_EVERY_S
        self._settings_due = monotonic()
        self._admin: Any = None
        self._probe: LogProbe | None = None
        self._found: dict[int, _Seen] = {}
        self._looking, self._confirming = _Patience(monotonic), _Patience(monotonic)
        self._one_at_a_time = threading.RLock()

    def check_if_due(self) -> None:
        """Check, at most once a second. Raises RetryableError once the broker has not answered for CONFIRM_S."""
        if self._monotonic() >= self._due:
            self._looking.is_answered(self.check)
            self._due = self._monotonic() + CHECK_EVERY_S

    def check(self) -> dict[int, Position]:
        """Compare, and return the positions as they were compared.

        Raises FatalError when the log is not the one that was read, RetryableError when the broker does not answer.
        """
        with self._one_at_a_time:
            stored = positions.load(self._db, self._topic.name)
            self._asking(lambda: self._compare(stored, self._describe(len(stored))))
        return stored

    def begin(self) -> dict[int, Position]:
        """Compare and return as `check` does; a broker that does not answer is asked again for CONFIRM_S."""
        patience, compared = _Patience(self._monotonic), dict[int, Position]()
        while not patience.is_answered(lambda: compared.update(self.check())):
            time.sleep(_ASK_AGAIN_S)
        return compared

    def confirm(self, before: Mapping[int, Before]) -> bool:
        """Find the records again that lie before what was fetched; False when the broker does not answer now.

        Raises FatalError when they are others, RetryableError once the broker has not answered for CONFIRM_S.
        """
        with self._one_at_a_time:
            return self._confirming.is_answered(lambda: self._asking(lambda: self._confirm(before)))

    def confirm_stored(self, partitions: Collection[int]) -> bool:
        """Find the records again that were applied last in these partitions; as `confirm`."""
        stored = positions.load(self._db, self._topic.name)
        return self.confirm(_before({p: stored[p] for p in partitions}))

    def close(self) -> None:
        """Disconnect from the broker."""
        for connection in (self._admin, self._probe):
            if connection is not None:
                connection.close()
        self._admin = self._probe = None

    def _asking(self, ask: Callable[[], None]) -> None:
        """Ask the broker; connect anew the next time if it does not answer."""
        try:
            ask()
        except RetryableError:
            self.close()
            raise

    def _describe(self, partitions: int) -> TopicState:
        if self._admin is None:
            self._admin = open_admin(self._settings, ANSWER_S)
        self._check_settings_if_due()
        states = describe(self._admin, TOPICS, self._settings)
        counts = {name: state.partitions for name, state in states.items()}
        if set(counts.values()) != {partitions}:
            raise FatalError(
                f"partitions changed: {partitions} were adopted, there are {counts};"
                f" see {PARTITIONS_PAGE}"
            )
        return states[self._topic.name]

    def _check_settings_if_due(self) -> None:
        if self._monotonic() >= self._settings_due:
            check_settings(self._admin, self._topic, self._settings)
            self._settings_due = self._monotonic() + SETTINGS_EVERY_S

    def _compare(self, stored: Mapping[int, Position], state: TopicState) -> None:
        if any(position.topic_id != state.topic_id for position in stored.values()):
            raise positions.replaced(self._topic.name)
        bounds = self._bounds({p: one.next_offset for p, one in stored.items()})
        seen = {partition: (one, state.epochs[partition]) for partition, one in stored.items()}
        moved = {p: stored[p] for p in seen if self._found.get(p) != seen[p]}
        self._read_again(_kept(_before(moved), bounds))
        self._found = seen

    def _confirm(self, before: Mapping[int, Before]) -> None:
        try:
            self._read_again(before)
        except OutOfRange:  # retention has removed one of them, or the log has lost it
            bounds = self._bounds({p: offset for p, (_, offset) in before.items()})
            self._read_again(_kept(before, bounds))

    def _bounds(self, offsets: Mapping[int, int]) -> dict[int, Range]:
        """Return where the logs begin and end; FatalError unless these offsets lie within."""
        bounds = self._connected().bounds(list(offsets))
        for partition, (begin, end) in bounds.items():
            if not begin <= offsets[partition] <= end:
                raise FatalError(
                    f"{self._topic.name}/{partition}: position {offsets[partition]} is outside the log"
                    f" ({begin} to {end}); see {OUTSIDE_PAGE}"
                )
        return bounds

    def _read_again(self, before: Mapping[int, Before]) -> None:
        """Raise FatalError unless each record is where it was, and alone up to the offset given with it."""
        if not before:
            return
        ranges = {p: (mark.offset, end) for p, (mark, end) in before.items()}
        for partition, found in self._connected().read(ranges).items():
            mark = before[partition][0]
            if [record.mark for record in found] != [mark]:
                raise positions.another_log(self._topic.name, partition, mark.offset)

    def _connected(self) -> LogProbe:
        if self._probe is None:
            self._probe = LogProbe(self._topic, self._settings)
        return self._probe


class _Patience:
    """How long a question has gone without an answer."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: float | None = None

    def is_answered(self, ask: Callable[[], object]) -> bool:
        """Ask; False without an answer. Raises RetryableError once there has been none for CONFIRM_S."""
        try:
            ask()
        except RetryableError:
            now = self._monotonic()
            self._since = now if self._since is None else self._since
            if now - self._since >= CONFIRM_S:
                raise
            return False
        self._since = None
        return True


def _kept(before: Mapping[int, Before], bounds: Mapping[int, Range]) -> dict[int, Before]:
    """Leave out the records that retention has removed: nobody can say any more what they were."""
    return {p: one for p, one in before.items() if one[0].offset >= bounds[p][0]}


def _before(stored: Mapping[int, Position]) -> dict[int, Before]:
    return {p: (one.last, one.next_offset) for p, one in stored.items() if one.last}
