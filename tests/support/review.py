"""The review database under test."""

import contextlib
from datetime import timedelta
from types import TracebackType
from typing import Self

import psycopg

from recordgate_consumers.review.review_sink import ReviewSink
from recordgate_runtime.postgres import connect
from recordgate_schemas.messages import Held, IncarnationMessage
from recordgate_schemas.topics import HELD
from tests.support.consumers import apply, published

DUE_AFTER = timedelta(days=14)


class ReviewDatabase:
    """Feeds the review sink; keeps its offsets, as a broker would."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._stack = contextlib.ExitStack()
        self.owner = self._stack.enter_context(psycopg.connect(dsn, autocommit=True))
        self.sink = self._stack.enter_context(connect(dsn, "review_sink", autocommit=True))
        self.app = self._stack.enter_context(connect(dsn, "review_app", autocommit=True))
        self.offset = 0

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
        self.owner.execute(
            "truncate source_position, partition_count, hold, task, outbox, isolated_record, message_partition"
        )
        self.offset = 0

    def publish(self, *messages: Held | IncarnationMessage) -> None:
        """Let the review sink apply messages as one batch."""
        records = [published(m, offset=self.offset + n, topic=HELD) for n, m in enumerate(messages)]
        apply(self.sink, ReviewSink(DUE_AFTER), HELD, records)
        self.offset += len(records)
