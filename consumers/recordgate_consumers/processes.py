"""What the long-running consumers are made of: a topic, a database role, a handler. And the migrations."""

from datetime import datetime, timedelta

from recordgate_consumers.review.relay import ControlPublisher, relay
from recordgate_consumers.review.sink import EverySoOften, ReviewSink, count_open
from recordgate_consumers.view.gate import GateLane
from recordgate_consumers.view.sink import ViewSink
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import need, settings
from recordgate_runtime.sink import run_sink
from recordgate_schemas.topics import CONTROLS, HELD, RELEASED

_PACKAGE = "recordgate_consumers"


def view_sink() -> None:
    """Apply `released` to the view until asked to stop."""
    known = settings()
    dsn = need(known.view_dsn, "RECORDGATE_VIEW_DSN")
    with connect(dsn, "view_sink", autocommit=True) as connection:
        run_sink(RELEASED, connection, ViewSink(SystemClock()), known)


def gate_lane() -> None:
    """Apply `controls` to the view's gate until asked to stop."""
    known = settings()
    dsn = need(known.view_dsn, "RECORDGATE_VIEW_DSN")
    with connect(dsn, "gate_writer", autocommit=True) as connection:
        run_sink(CONTROLS, connection, GateLane(SystemClock()), known)


def review_sink() -> None:
    """Apply `held` to the review queue, and relay outcomes left in the outbox, until asked to stop."""
    known, clock = settings(), SystemClock()
    dsn = need(known.review_dsn, "RECORDGATE_REVIEW_DSN")
    publisher = ControlPublisher(known)
    with connect(dsn, "review_sink", autocommit=True) as connection:

        def look_after(now: datetime) -> None:
            count_open(connection, now)
            relay(connection, publisher, now)

        handler = ReviewSink(timedelta(days=known.review_due_days))
        idle = EverySoOften(clock, look_after)
        run_sink(HELD, connection, handler, known, idle=idle)
    publisher.close()


def migrate_view() -> tuple[str, ...]:
    """Bring the view database to its newest shape and return what was applied."""
    dsn = need(settings().view_dsn, "RECORDGATE_VIEW_DSN")
    return migrate(dsn, migrations(_PACKAGE, "migrations/view"))


def migrate_review() -> tuple[str, ...]:
    """Bring the review database to its newest shape and return what was applied."""
    dsn = need(settings().review_dsn, "RECORDGATE_REVIEW_DSN")
    return migrate(dsn, migrations(_PACKAGE, "migrations/review"))
