"""Closes the view while messages of `released` that were, or should have been, applied may be missing in it.

A control that hides closes by itself, in the gate. What is taken back without one, such as a new version that its
publisher calls wrong, counts only once the sink has read the retraction. A view that was restored from a backup has
lost some of these; one whose log lost records will never see them. So nothing of a partition is shown then, until the
sink has read what the log held.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg

from recordgate_runtime.kafka import topic_state
from recordgate_runtime.log_probe import LogProbe
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import PARTITION_OPEN
from recordgate_runtime.settings import Settings
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import RELEASED

_SQL = Statements("recordgate_consumers.view", "catching_up.sql")
FOREVER = 2**63 - 1
"""No offset is that high: closed until the log was found again."""


class CatchUp:
    """Keeps account of the closed partitions; the gate lane and the view sink each have one."""

    def __init__(self, connection: psycopg.Connection, settings: Settings) -> None:
        self._db, self._settings = connection, settings
        self._may_wait = True

    def begin(self) -> None:
        """Close all partitions up to the ends of their logs if the view lives elsewhere than before.

        Whichever process starts first does so, before it makes anything readable. Raises RetryableError when the broker
        does not say where the logs end.
        """
        with self._db.transaction():
            if self._db.execute(_SQL["move_in"]).fetchone() is None:
                return
            ends = self._ends()
            if closed := {p: end for p, end in ends.items() if end > 0}:
                log(LogCode.CATCHING_UP, topic=RELEASED.name, count=len(closed))
                self._db.execute(_SQL["close"], _as_columns(closed))

    def step(self) -> None:
        """Open what the sink has reached. For the sink alone, once it has found its log to be the one it read."""
        if not self._may_wait:
            return
        with self._db.transaction():
            waiting: dict[int, int] = dict(self._db.execute(_SQL["waiting"]).fetchall())
            if FOREVER in waiting.values():
                self._db.execute(
                    _SQL["begin_again"], {**_as_columns(self._ends()), "forever": FOREVER}
                )
            self._db.execute(_SQL["open_reached"], {"topic": RELEASED.name})
            behind = [partition for partition, _ in self._db.execute(_SQL["waiting"])]
        for partition in behind:
            PARTITION_OPEN.labels(RELEASED.name, partition).set(0)
        self._may_wait = bool(behind)

    @contextmanager
    def closing_on_loss(self) -> Iterator[None]:
        """Close everything when the sink cannot go on: what it will not read may be retractions."""
        try:
            yield
        except FatalError:
            self._db.execute(_SQL["close_all"], {"forever": FOREVER, "topic": RELEASED.name})
            raise

    def _ends(self) -> dict[int, int]:
        count = topic_state(RELEASED, self._settings).partitions
        with closing(LogProbe(RELEASED, self._settings)) as probe:
            return {p: end for p, (_, end) in probe.bounds(range(count)).items()}


def _as_columns(offsets: dict[int, int]) -> dict[str, object]:
    return dict(columns(("partitions", "untils"), sorted(offsets.items())))
