"""Sees that no topic's partition count changes while a process runs: patients would change their partition."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from recordgate_runtime.kafka import PARTITIONS_PAGE, describe, open_admin
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import TOPICS

CHECK_EVERY_S = 3.0
"""Seconds between two looks at the topics' partition counts."""


class PartitionWatch:
    """Sees that no topic's partition count changes while a process runs."""

    def __init__(
        self, settings: Settings, partitions: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._partitions = partitions
        self._monotonic = monotonic
        self._due = monotonic() + CHECK_EVERY_S
        self._admin: Any = None

    def check_if_due(self) -> None:
        """Check, at most every few seconds; a broker that does not answer now is asked again later."""
        if self._monotonic() >= self._due:
            with suppress(RetryableError):
                self.check()
            self._due = self._monotonic() + CHECK_EVERY_S

    def check(self) -> None:
        """Ask the broker; raise FatalError when any topic's count differs, RetryableError when it does not answer."""
        if self._admin is None:
            self._admin = open_admin(self._settings)
        try:
            states = describe(self._admin, TOPICS, self._settings)
        except RetryableError:
            self.close()
            raise
        counts = {name: state.partitions for name, state in states.items()}
        if set(counts.values()) != {self._partitions}:
            raise FatalError(
                f"partitions changed: {self._partitions} were adopted, there are {counts};"
                f" see {PARTITIONS_PAGE}"
            )

    def close(self) -> None:
        """Disconnect."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None
