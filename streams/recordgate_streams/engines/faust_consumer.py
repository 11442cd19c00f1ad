"""Faust's consumer as a lane needs it: committed records only, in order, from the position that the ledger keeps.

Faust would read aborted records too, and begin where its group once committed. This changes it in the few places where
it decides on that. SAFETY: what it fetches before it was sent to a position is dropped and read again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from faust.transport.drivers import aiokafka as driver

from recordgate_runtime.log_watch import Before
from recordgate_runtime.positions import Position
from recordgate_runtime.record import Mark, mark_of
from recordgate_streams.engines.faust_speed import BUSY_RECORDS, QuickConsumer, set_fetch_wait
from recordgate_streams.engines.trail import Trail

_errors = driver.aiokafka.errors  # type: ignore[attr-defined]
_GONE = (_errors.OffsetOutOfRangeError, _errors.NoOffsetForPartitionError)


@dataclass(frozen=True, slots=True)
class LogOfLane:
    """What the consumer has to know of a lane.

    `begin` returns where each partition is to be read on, once the log was found to be the same. `confirm` returns once
    the records before what was fetched were found again. Each ends the process when the log is another one. `gone`: the
    log has no longer what comes next. `refused`: the broker does not let the lane read it.
    """

    trail: Trail
    begin: Callable[[], Awaitable[Mapping[int, Position]]]
    confirm: Callable[[Mapping[int, Before]], Awaitable[None]]
    gone: Callable[[], NoReturn]
    refused: Callable[[], NoReturn]


class _LaneThread(driver.AIOKafkaConsumerThread):
    """The thread that speaks to the broker."""

    lane: LogOfLane
    _busy = False

    def _create_worker_consumer(self, transport: Any) -> Any:
        # Faust reads committed records only if it also writes in transactions, which lose events (ADR 2).
        self.consumer.in_transaction = True
        try:
            return super()._create_worker_consumer(transport)
        finally:
            self.consumer.in_transaction = False

    async def seek_to(self, stored: Mapping[Any, Position]) -> None:
        """Go on from these positions."""
        await self.call_thread(self._seek_to, stored)

    async def _seek_to(self, stored: Mapping[Any, Position]) -> None:
        for tp, position in stored.items():
            self._ensure_consumer().seek(tp, position.next_offset)
            self.lane.trail.begin(tp.partition, position.next_offset, position.last)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Iterable[Any],
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,
    ) -> Any:
        trail = self.lane.trail
        begun = {tp for tp in active_partitions if trail.place(tp.partition)}
        if not begun:  # an empty set would mean all partitions
            await asyncio.sleep(0.05)
            return {}
        set_fetch_wait(consumer, busy=self._busy or begun != consumer.assignment())
        try:
            found = await super()._fetch_records(
                consumer, begun, timeout=timeout, max_records=max_records
            )
            ends = {tp: await consumer.position(tp) for tp in begun}
        except _GONE:
            self.lane.gone()
        except _errors.TopicAuthorizationFailedError:
            self.lane.refused()
        except _errors.IllegalStateError:  # no longer ours; whoever gets it next begins anew
            for tp in begun:
                trail.forget(tp.partition)
            return {}
        self._busy = sum(map(len, found.values())) >= BUSY_RECORDS
        return await self._confirmed(found, ends)

    async def _confirmed(self, found: Mapping[Any, Any], ends: Mapping[Any, int]) -> Any:
        """Hand over what was fetched, once the records before it were found again; what was begun anew is dropped."""
        trail = self.lane.trail
        places = {tp: trail.place(tp.partition) for tp in ends}
        before = {tp.partition: b for tp in found if (b := trail.before(tp.partition))}
        if before:
            await self.lane.confirm(before)
        same = {tp for tp, place in places.items() if place and place is trail.place(tp.partition)}
        for tp in same:
            records = found.get(tp, ())
            last = _mark(records[-1]) if records else None
            trail.hand_over(tp.partition, [one.offset for one in records], ends[tp], last)
        return {tp: records for tp, records in found.items() if tp in same}


def _mark(record: Any) -> Mark:
    return mark_of(record.offset, record.timestamp, record.key, record.value)


class _LaneConsumer(QuickConsumer, driver.Consumer):
    """The consumer as the rest of Faust sees it."""

    transport: "LaneTransport"
    _thread: _LaneThread

    def _new_consumer_thread(self) -> _LaneThread:
        thread = _LaneThread(self, loop=self.loop, beacon=self.beacon)
        thread.lane = self.transport.lane
        return thread

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Begin where the ledger is, whatever the group has committed."""
        positions = await self.transport.lane.begin()
        stored = {tp: positions[tp.partition] for tp in self.assignment()}
        await self._thread.seek_to(stored)
        return {tp: position.next_offset for tp, position in stored.items()}

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Forget where these partitions stood: they come back with another beginning."""
        for tp in revoked:
            self.transport.lane.trail.forget(tp.partition)
        await super().on_partitions_revoked(revoked)


class LaneTransport(driver.Transport):
    """A Kafka transport for one lane."""

    Consumer = _LaneConsumer

    def __init__(self, app: Any, lane: LogOfLane) -> None:
        super().__init__(app.conf.broker_consumer, app)
        self.lane = lane
