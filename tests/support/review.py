"""The review database under test, and reviewers at work on it."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from recordgate_consumers.review.deciding import Decided, decide
from recordgate_consumers.review.desk import Desk, Reviewer, Times
from recordgate_consumers.review.items import Item, Seen
from recordgate_consumers.review.leases import claim
from recordgate_consumers.review.review_sink import ReviewSink
from recordgate_consumers.review.rules import Decision, Role
from recordgate_consumers.review.work_columns import WorkTime
from recordgate_consumers.review.workflow import Action, What
from recordgate_deploy import embedded
from recordgate_deploy.logins import give_logins
from recordgate_deploy.runner import Runner
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import environment
from recordgate_schemas import codec
from recordgate_schemas.control import Control, ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.messages import Held, IncarnationMessage
from recordgate_schemas.topics import CONTROLS, HELD
from recordgate_schemas.values import OdsCode
from tests.support.clock import FrozenClock
from tests.support.consumers import NOW, PRACTICE, apply, published
from tests.support.signing import SERVICE

WORK_TIME = WorkTime(days=10, days_if_urgent=2)
UNDO = timedelta(seconds=30)
LEASE = timedelta(minutes=10)
RELEASE = Decision(Action.RELEASE)
WITHHOLD = Decision(Action.WITHHOLD, ReviewGround.COURT)


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL without a Kafka beside it while the block lasts; give the DSN of a migrated review database."""
    with (folder / "postgres.log").open("ab") as log, Runner(folder, log) as runner:
        postgres = [one for one in embedded.prepare(folder) if one.name == "postgres"]
        runner.start(postgres, environment())
        embedded._create_databases(folder)
        dsn = embedded.addresses(folder).review_dsn
        give_logins(dsn, "review")
        migrate(dsn, migrations("recordgate_consumers", "migrations/review"))
        yield dsn


class ReviewDatabase:
    """Feeds the review sink; keeps its offsets, as a broker would. Its reviewers share a clock."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._stack = contextlib.ExitStack()
        self.owner = self._stack.enter_context(psycopg.connect(dsn, autocommit=True))
        self.sink = self._stack.enter_context(connect(dsn, "review_sink", autocommit=True))
        self.app = self._stack.enter_context(connect(dsn, "review_app", autocommit=True))
        self.clock = FrozenClock(NOW)
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
            "truncate source_position, partition_count, hold, task, outbox, review_event, work_item,"
            " isolated_record, message_partition"
        )
        self.offset = 0

    def publish(self, *messages: Held | IncarnationMessage) -> None:
        """Let the review sink apply messages as one batch."""
        records = [published(m, offset=self.offset + n, topic=HELD) for n, m in enumerate(messages)]
        apply(self.sink, ReviewSink(WORK_TIME), HELD, records)
        self.offset += len(records)

    def desk(
        self,
        name: str = "ann",
        role: Role = Role.GP,
        practice: OdsCode = PRACTICE,
        connection: psycopg.Connection | None = None,
    ) -> Desk:
        """Return a reviewer's desk, on a connection that all of them share unless one is given."""
        reviewer = Reviewer(name, practice, role)
        return Desk(connection or self.app, reviewer, self.clock, Times(LEASE, UNDO))

    def session(self) -> psycopg.Connection:
        """Return a connection of its own for a reviewer."""
        return self._stack.enter_context(connect(self.dsn, "review_app", autocommit=True))

    def outbox(self) -> list[Control]:
        """Return the outcomes that were or will be sent, in the order of their decisions."""
        kept = "select control from outbox where cancelled_at is null order by id"
        return [codec.decode(CONTROLS, bytes(encoded)) for (encoded,) in self.owner.execute(kept)]

    def outcomes(self) -> list[tuple[str, ReviewAction]]:
        """Return the entry and the outcome of each."""
        changes = [control.change for control in self.outbox()]
        return [(c.entry_id, c.action) for c in changes if isinstance(c, Reviewed)]

    def holds(self) -> list[Item]:
        """Return the holds in the practice's queues."""
        return self.desk().page(What.HOLD)

    def decide(
        self, decision: Decision = RELEASE, desk: Desk | None = None, entry: str | None = None
    ) -> Decided:
        """Decide the hold of an entry, or the first one, as a reviewer does who reads, claims and decides."""
        desk = desk or self.desk()
        found = [h for h in desk.page(What.HOLD) if entry in (None, h.entry_id)]
        return decide(desk, claim(desk, found[0].id), Seen.of(found[0]), decision, SERVICE)
