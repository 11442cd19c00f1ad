"""What the long-running consumers are made of: a topic, a database role, a handler. And the migrations.

`run` is the loop that applies a topic to a database; only tests give another one.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

from recordgate_consumers.review.relay import ControlPublisher, relay
from recordgate_consumers.review.review_sink import ReviewSink, close_forgotten
from recordgate_consumers.review.upkeep import count_work, pass_time
from recordgate_consumers.review.work_columns import WorkTime
from recordgate_consumers.view.catching_up import CatchUp
from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.gate_lease import GateLease
from recordgate_consumers.view.sweep import Sweep
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime.clock import Clock, SystemClock
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.positions import read_partitions
from recordgate_runtime.postgres import Connection, connect
from recordgate_runtime.settings import Settings, need, settings
from recordgate_runtime.sink import run_sink
from recordgate_runtime.tick_sender import TickSender
from recordgate_runtime.waiting import await_servers
from recordgate_schemas.topics import CONTROLS, HELD, RELEASED, Principal

Loop = Callable[..., None]
_PACKAGE = "recordgate_consumers"
RELAY_EVERY = timedelta(seconds=0.25)
"""How often the review sink looks for outcomes to send, at most."""
UPKEEP_EVERY = timedelta(seconds=15)
"""How often it wakes and escalates work and counts it, at most."""


def view_sink(run: Loop = run_sink) -> None:
    """Apply `released` to the view until asked to stop."""
    known = settings().as_user(Principal.VIEW_SINK)
    with _opened(_view_dsn(), "view_sink", known) as connection:
        sweep, behind = Sweep(connection), CatchUp(connection, known)

        def upkeep() -> None:
            sweep.step_if_due()
            behind.step()  # last: it knows of partitions that are not to be called open

        behind.begin()
        with behind.closing_on_loss():
            run(RELEASED, connection, ViewSink(SystemClock()), known, idle=upkeep)


def gate_lane(run: Loop = run_sink) -> None:
    """Apply `controls` to the view's gate and renew its lease, until asked to stop."""
    known = settings().as_user(Principal.GATE_LANE)
    lease = timedelta(seconds=known.gate_lease_s)
    every = min(timedelta(seconds=known.gate_tick_s), lease / 3)
    with (
        _opened(_view_dsn(), "gate_writer", known) as connection,
        closing(TickSender(CONTROLS, known)) as ticks,
    ):
        CatchUp(connection, known).begin()
        renew = GateLease(connection, ticks, lease, every).renew
        run(CONTROLS, connection, GateLane(SystemClock()), known, idle=renew, quick=True)


def review_sink(run: Loop = run_sink) -> None:
    """Apply `held` to the review queue, and relay outcomes left in the outbox, until asked to stop."""
    known = settings().as_user(Principal.REVIEW_SINK)
    handler = ReviewSink(WorkTime(known.review_due_days, known.review_urgent_days))
    with _opened(_review_dsn(), "review_sink", known) as connection:
        publisher = ControlPublisher(known, lambda: read_partitions(connection))

        def upkeep(now: datetime) -> None:
            close_forgotten(connection, now)
            pass_time(connection, now)
            count_work(connection, now)

        now_and_then = (
            _every(RELAY_EVERY, SystemClock(), lambda now: relay(connection, publisher, now)),
            _every(UPKEEP_EVERY, SystemClock(), upkeep),
        )

        def idle() -> None:
            for one in now_and_then:
                one()

        run(HELD, connection, handler, known, idle=idle)
    publisher.close()


def _opened(dsn: str, role: str, known: Settings) -> Connection:
    """Return a connection as the role, once Kafka and the database answer."""
    await_servers(known, dsn, role)
    return connect(dsn, role, autocommit=True)


def _every(
    period: timedelta, clock: Clock, function: Callable[[datetime], object]
) -> Callable[[], None]:
    """Return a function that calls `function` at most once in a period, however often it is called."""
    due: datetime | None = None

    def call_if_due() -> None:
        nonlocal due
        now = clock.now()
        if due is None or now >= due:
            function(now)
            due = now + period

    return call_if_due


def migrate_view() -> tuple[str, ...]:
    """Bring the view database to its newest shape and return what was applied."""
    return migrate(_view_dsn(), migrations(_PACKAGE, "migrations/view"))


def migrate_review() -> tuple[str, ...]:
    """Bring the review database to its newest shape and return what was applied."""
    return migrate(_review_dsn(), migrations(_PACKAGE, "migrations/review"))


def _view_dsn() -> str:
    return need(settings().view_dsn, "RECORDGATE_VIEW_DSN")


def _review_dsn() -> str:
    return need(settings().review_dsn, "RECORDGATE_REVIEW_DSN")
