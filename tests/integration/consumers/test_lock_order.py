"""The gate lane and the view sink may meet on the same patients in any order and never deadlock."""

import random
import threading
from collections.abc import Callable

from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime.record import Record
from recordgate_schemas.control import AccessResumed, AccessSuspended, Change, ProxyEnded
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import GrantId
from tests.support.clock import FrozenClock
from tests.support.consumers import (
    NOW,
    apply,
    at,
    control,
    granted,
    patient,
    published,
    redecided,
    registered,
)
from tests.support.view import ViewDatabase

PATIENTS = [patient(n) for n in range(120)]
ROUNDS = 25
CHANGES: list[Change] = [
    registered(),
    AccessSuspended(),
    AccessResumed(),
    granted(),
    ProxyEnded(GrantId("g1")),
]


def shuffled_controls(round_: int) -> list[Record]:
    order = random.Random(round_).sample(PATIENTS, len(PATIENTS))
    start = round_ * len(order)
    return [
        control(CHANGES[(n + round_) % len(CHANGES)], who, offset=start + n, effective=at(n))
        for n, who in enumerate(order)
    ]


def shuffled_markers(round_: int) -> list[Record]:
    order = random.Random(-round_ - 1).sample(PATIENTS, len(PATIENTS))
    start = round_ * len(order)
    return [
        published(redecided(start + n, who, start), offset=start + n) for n, who in enumerate(order)
    ]


def test_both_sinks_on_the_same_patients_never_deadlock(view: ViewDatabase) -> None:
    failures: list[BaseException] = []
    together = threading.Barrier(2)

    def gate() -> None:
        for round_ in range(ROUNDS):
            together.wait()
            apply(view.gate, GateLane(FrozenClock(NOW)), CONTROLS, shuffled_controls(round_))

    def sink() -> None:
        for round_ in range(ROUNDS):
            records = shuffled_markers(round_)
            together.wait()
            apply(view.sink, ViewSink(FrozenClock(NOW)), RELEASED, records)

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  handed to the test's own thread
            failures.append(error)
            together.abort()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (gate, sink)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
