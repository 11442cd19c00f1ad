"""Empties what older incarnations of the ledger released, once a newer one is open: nobody can read it any more.

In pages, between the batches of the sink. The entries that were published again have the newer incarnation.
"""

from typing import Any

import psycopg

from recordgate_consumers import incarnations
from recordgate_runtime.pace import Every
from recordgate_runtime.sql import Statements
from recordgate_schemas.topics import RELEASED

_SQL = Statements("recordgate_consumers.view", "view_sink.sql")
_SHARED = Statements("recordgate_consumers", "incarnations.sql")
PAGE_ROWS = 1000
LOOK_S = 1.0
"""Seconds between two looks whether there is anything to forget."""

_BEGINNING = ("", "", "")


class Sweep:
    """One pass through `released_entry` for the partitions that were open when it began."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection
        self._after = _BEGINNING
        self._partitions: list[int] = []
        self._look = Every(LOOK_S)

    def step_if_due(self) -> None:
        """Go through a page; while there is nothing to forget, look for it once a second only."""
        if self._partitions or self._look.is_due():
            self.step()

    def step(self) -> None:
        """Go through one more page, if there is anything to forget; show which partitions are open."""
        with self._db.transaction():
            incarnations.measure(self._db, RELEASED)
            if not self._partitions:
                self._partitions = [p for (p,) in self._db.execute(_SHARED["to_sweep"])]
            if not self._partitions:
                return
            names = ("nhs_number", "audience", "entry_id")
            page: dict[str, Any] = dict(zip(names, self._after, strict=True))
            row = self._db.execute(_SQL["sweep"], page | {"limit": PAGE_ROWS}).fetchone()
            if row is None:
                self._db.execute(_SHARED["swept"], {"partitions": self._partitions})
            self._after = row or _BEGINNING
            self._partitions = self._partitions if row else []
