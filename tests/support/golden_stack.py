"""What golden cases came to in a running product: its ledger, the view as patients read it, the queues of reviewers."""

import contextlib
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import orjson
import psycopg

from recordgate_consumers.review import items
from recordgate_consumers.review.desk import Desk, Reviewer, Times
from recordgate_consumers.review.rules import Role
from recordgate_consumers.review.workflow import What
from recordgate_consumers.view.read import read_view
from recordgate_producers.publisher import Publisher
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import Settings
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import Queue, TaskKind
from recordgate_schemas.reasons import Reason
from recordgate_schemas.values import SELF, Audience, EntryId, NhsNumber, OdsCode, proxy
from recordgate_streams.decider.routing import Route
from recordgate_streams.golden.messages import Message
from recordgate_streams.golden.state import Key, OpenTask, Shown, State
from recordgate_streams.ruleset import current
from tests.support.golden import bodies_of, decisions_of, dropped_from
from tests.support.services import broker

AUDIENCES = (SELF, proxy("g1"), proxy("g2"))
TOMBSTONES = """
  select entry_id, audience from released_entry where nhs_number = %s and body is null
"""


class GoldenStack:
    """Publishes to a running product and looks at what it made of it, as those look who use it."""

    def __init__(self, settings: Settings) -> None:
        self._stack = contextlib.ExitStack()
        self._publisher = self._stack.enter_context(Publisher(broker(settings.kafka, "publisher")))
        self._key = read_service_key(settings.operator_key, "RECORDGATE_OPERATOR_KEY")
        self._ledger = self._open(settings.ledger_dsn, "ledger_reader")
        self._reader = self._open(settings.view_dsn, "view_reader")
        self._sink = self._open(settings.view_dsn, "view_sink")
        self._review = self._open(settings.review_dsn, "review_app")
        self._queues = self._open(settings.review_dsn, "review_sink")
        self._holds: list[items.Item] = []
        self._tasks: list[tuple[str, OpenTask]] = []

    def _open(self, dsn: str, role: str) -> psycopg.Connection:
        return self._stack.enter_context(connect(dsn, role, autocommit=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish messages, those of each topic in order, signed where they must be."""
        told = list(messages)
        controls = [self._key.sign_if_needed(m) for m in told if isinstance(m, Control)]
        self._publisher.publish_controls(controls)
        self._publisher.publish_entries(m for m in told if isinstance(m, ClinicalEntry))

    def look(self) -> None:
        """Read the queues of all practices once, for every patient's `state`."""
        practices = self._queues.execute("select distinct practice from work_item").fetchall()
        desks = [self.desk(OdsCode(practice), Role.ADMIN) for (practice,) in practices]
        self._holds = [hold for desk in desks for hold in _all(desk, What.HOLD)]
        self._tasks = [
            (t.nhs_number, _task(t.reasons[0], t.audience, t.entry_id, t.kind or ""))
            for desk in desks
            for t in _all(desk, What.TASK)
        ]

    def desk(self, practice: OdsCode, role: Role) -> Desk:
        """Return the desk of a reviewer of a practice."""
        return Desk(self._review, Reviewer("golden", practice, role), SystemClock(), Times())

    def holds_of(self, number: NhsNumber) -> list[items.Item]:
        """Return a patient's holds in the queues, as of the last look."""
        return [hold for hold in self._holds if hold.nhs_number == number.digits]

    def state(self, number: NhsNumber, told: Sequence[Message]) -> State:
        """Return what is known of a patient about whom this was published."""
        decisions, history = decisions_of(self._ledger, number)
        return State(
            decisions=decisions,
            visible=self._visible(number, told),
            holds={_about(h): _route(h) for h in self.holds_of(number)},
            tasks=frozenset(task for owner, task in self._tasks if owner == number.digits),
            history=history,
            tombstones=frozenset(
                (EntryId(entry_id), Audience(audience))
                for entry_id, audience in self._sink.execute(TOMBSTONES, (number.digits,))
            ),
            approval_above=current().activation.most_disappear,
        )

    def _visible(self, number: NhsNumber, told: Sequence[Message]) -> dict[Key, Shown]:
        """What each audience reads; an entry is known by the id in its body, as the view gives no other."""
        full = bodies_of(told)
        visible: dict[Key, Shown] = {}
        for audience in AUDIENCES:
            for seen in read_view(self._reader, number, audience):
                entry_id = EntryId(orjson.loads(seen.body)["id"])
                dropped = dropped_from(full[entry_id, seen.version], seen.body)
                visible[entry_id, audience] = Shown(seen.version, dropped)
        return visible

    def quarantined(self) -> int:
        """Return how many records were set aside so far."""
        row = self._ledger.execute("select count(*) from quarantine").fetchone()
        assert row is not None
        return int(row[0])


def _all(desk: Desk, what: What) -> list[items.Item]:
    found, after = list[items.Item](), items.START
    while page := desk.page(what, after=after, limit=500):
        found += page
        after = items.Key.of(page[-1])
    return found


def _about(hold: items.Item) -> Key:
    return EntryId(hold.entry_id), Audience(hold.audience)


def _route(hold: items.Item) -> Route:
    return Route(Queue(hold.queue), hold.hide_first, hold.bulk_release)


def _task(reason: str, audience: str, entry_id: str | None, kind: str) -> OpenTask:
    return OpenTask(Reason(reason), Audience(audience), entry_id or "", TaskKind(kind))
