"""Random controls and messages in random orders: the database shows what thirty lines of Python say it should."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime.record import Record
from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessResumed,
    AccessSuspended,
    AccountChanged,
    AreaSet,
    Change,
    Deregistered,
    Died,
    EntryHidden,
    EntryShown,
    HideCause,
    ProxyEnded,
    ProxyUsed,
    SensitivityFlagged,
)
from recordgate_schemas.entry import Kind
from recordgate_schemas.messages import Released
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import SELF, EntryId, GrantId, NhsNumber, proxy
from tests.support.clock import FrozenClock
from tests.support.consumers import (
    NOW,
    OTHER_PRACTICE,
    PRACTICE,
    apply,
    at,
    control,
    granted,
    patient,
    published,
    redecided,
    registered,
    release,
    retract,
)
from tests.support.view import ViewDatabase
from tests.support.view_model import ViewModel

Spec = tuple[str, str, str, int, datetime | None]
AUDIENCES = (SELF, proxy("g1"))
ENTRIES = ("e1", "e2")
QUIET = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CHANGES: list[Change] = [
    registered(date(2020, 1, 1)),
    registered(date(2020, 1, 2), OTHER_PRACTICE),
    Deregistered(PRACTICE, date(2020, 1, 1)),
    Deregistered(OTHER_PRACTICE, date(2020, 1, 3)),
    AccessSuspended(),
    AccessResumed(),
    AccessDeclined(),
    AccessOptedIn(),
    SensitivityFlagged(True),
    SensitivityFlagged(False),
    Died(None),
    granted("g1"),
    granted("g1", date(2020, 1, 1)),
    ProxyEnded(GrantId("g1")),
    ProxyUsed(GrantId("g1")),
    AccountChanged(linked=False),
    AccountChanged(linked=True),
    AreaSet(PRACTICE, Kind.DOCUMENT, shown=False),
    AreaSet(PRACTICE, Kind.DOCUMENT, shown=True),
    EntryHidden(EntryId("e1"), (), HideCause.NOPAT),
    EntryHidden(EntryId("e9"), (EntryId("e1"), EntryId("e2")), HideCause.NOPAT),
    EntryShown(EntryId("e1"), HideCause.NOPAT),
]
# Half of the controls open something: otherwise almost every example would end in the dark.
OPENERS = [registered(), AccessResumed(), granted("g1")]
statements = st.tuples(
    st.one_of(st.sampled_from(OPENERS), st.sampled_from(CHANGES)), st.integers(0, 3).map(at)
)
message = st.tuples(
    st.sampled_from(["release", "release", "retract", "redecided"]),
    st.sampled_from(ENTRIES),
    st.sampled_from(AUDIENCES),
    st.integers(-1, 6),
    st.sampled_from([None, None, *(datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 9000))]),
)
# Which lane moves next, and by how much.
schedule = st.lists(st.tuples(st.sampled_from(["gate", "sink"]), st.integers(1, 3)), max_size=12)


@dataclass
class Fresh:
    """A patient and a partition nobody used before: each example starts from nothing."""

    number: int = 0

    def next(self) -> tuple[NhsNumber, int]:
        self.number += 1
        return patient(self.number), self.number


FRESH = Fresh()


def build(kind: str, sequence: int, who: NhsNumber, spec: Spec) -> Released:
    _, entry, audience, under, until = spec
    name = next(a for a in AUDIENCES if a == audience)
    if kind == "redecided":
        return redecided(sequence, who, under)
    if kind == "retract":
        return retract(sequence, who, entry, audience=name, under=under)
    body = f"{sequence}".encode()
    return release(sequence, who, entry, audience=name, under=under, body=body, valid_until=until)


@QUIET
@given(
    changes=st.lists(statements, max_size=6),
    specs=st.lists(message, max_size=8),
    moves=schedule,
    seed=st.integers(0, 10_000),
)
def test_the_database_shows_what_the_model_says(
    view: ViewDatabase,
    changes: list[tuple[Change, object]],
    specs: list[Spec],
    moves: list[tuple[str, int]],
    seed: int,
) -> None:
    who, partition = FRESH.next()
    view.open_partition(partition)
    controls = [
        control(change, who, offset=n, partition=partition, effective=when)  # type: ignore[arg-type]
        for n, (change, when) in enumerate(changes)
    ]
    sent = [build(spec[0], n, who, spec) for n, spec in enumerate(specs)]
    shuffled = sent + random.Random(seed).choices(sent, k=2 if sent else 0)
    random.Random(seed).shuffle(shuffled)
    messages = [published(m, offset=n, partition=partition) for n, m in enumerate(shuffled)]
    model = ViewModel()
    done = {"gate": 0, "sink": 0}
    for lane, steps in [*moves, ("gate", 99), ("sink", 99)]:
        start = done[lane]
        if lane == "gate":
            batch: Sequence[Record] = controls[start : start + steps]
            if batch:
                apply(view.gate, GateLane(FrozenClock(NOW)), CONTROLS, batch)
            for n, (change, when) in enumerate(changes[start : start + steps], start):
                model.controls.append((n, change, when, at(100)))  # type: ignore[arg-type]
        else:
            batch = messages[start : start + steps]
            if batch:
                apply(view.sink, ViewSink(FrozenClock(NOW)), RELEASED, batch)
            model.messages |= {m.sequence: m for m in shuffled[start : start + steps]}
        done[lane] += len(batch)
        for audience in AUDIENCES:
            assert set(view.bodies(who, audience)) == model.visible(audience, NOW)


CLOSING = [change for change in CHANGES if not isinstance(change, EntryHidden | EntryShown)]


@QUIET
@given(
    facts=st.lists(
        st.tuples(st.sampled_from(CLOSING), st.integers(0, 2).map(at)), min_size=1, max_size=6
    ),
    seed=st.integers(0, 10_000),
    batches=st.integers(1, 3),
)
def test_what_is_open_does_not_depend_on_the_order_of_arrival(
    view: ViewDatabase, facts: list[tuple[Change, object]], seed: int, batches: int
) -> None:
    shuffled = list(facts)
    random.Random(seed).shuffle(shuffled)
    ends = []
    for order, size in ((facts, 99), (shuffled, batches)):
        who, partition = FRESH.next()
        view.open_partition(partition)
        records = [
            control(change, who, offset=n, partition=partition, effective=when)  # type: ignore[arg-type]
            for n, (change, when) in enumerate(order)
        ]
        for start in range(0, len(records), size):
            batch = records[start : start + size]
            apply(view.gate, GateLane(FrozenClock(NOW)), CONTROLS, batch)
        ends.append(
            view.owner.execute(
                "select audience, expires_at::text from audience_gate"
                " where nhs_number = %s and not closed order by audience",
                (who.digits,),
            ).fetchall()
        )
    assert ends[0] == ends[1]


STATE = """
    select sequence, decided_under, version, valid_until, body, public_id from released_entry
    where nhs_number = %s order by audience, entry_id
"""
GATE = """
    select audience, fence, closed, decided_through, expires_at::text from audience_gate
    where nhs_number = %s order by audience
"""


@QUIET
@given(
    specs=st.lists(message, min_size=1, max_size=8),
    seed=st.integers(0, 10_000),
    cut=st.integers(1, 8),
)
def test_sending_any_part_again_changes_nothing(
    view: ViewDatabase, specs: list[Spec], seed: int, cut: int
) -> None:
    who, partition = FRESH.next()
    view.open_partition(partition)
    sent = [build(spec[0], n, who, spec) for n, spec in enumerate(specs)]
    random.Random(seed).shuffle(sent)
    records = [published(m, offset=n, partition=partition) for n, m in enumerate(sent)]
    apply(view.sink, ViewSink(FrozenClock(NOW)), RELEASED, records)

    def state() -> list[object]:
        key = (who.digits,)
        return [view.owner.execute(query, key).fetchall() for query in (STATE, GATE)]

    before = state()
    again = [
        published(m, offset=len(sent) + n, partition=partition) for n, m in enumerate(sent[:cut])
    ]
    apply(view.sink, ViewSink(FrozenClock(NOW)), RELEASED, again)
    assert state() == before
    # the same offsets again are a zombie's
    apply(view.sink, ViewSink(FrozenClock(NOW)), RELEASED, records[:cut])
    assert state() == before
