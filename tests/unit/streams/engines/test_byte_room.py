"""A batch gathered by Faust has no more bytes than its bound; a larger record is alone."""

import asyncio
import contextlib
import inspect
from types import SimpleNamespace
from typing import Any

from faust.streams import Stream

from recordgate_streams.engines.byte_room import ByteRoom, wait_for_the_first


async def gather(sizes: list[int], most: int) -> list[list[int]]:
    """Let values enter as Faust's take does, and hand over what is there whenever the next one waits."""
    room, batches, batch = ByteRoom(most), [], list[int]()
    for size in sizes:
        entering = asyncio.ensure_future(room.enter(b"x" * size))
        await asyncio.sleep(0)
        if not entering.done():
            batches.append(list(batch))
            batch.clear()
            room.empty()
        assert await entering == b"x" * size
        batch.append(size)
    return [*batches, batch]


def test_values_enter_until_the_room_is_full_and_a_large_one_alone() -> None:
    found = asyncio.run(gather([4, 4, 4, 30, 1, 9, 0], most=10))
    assert found == [[4, 4], [4], [30], [1, 9, 0]]


def test_a_record_without_value_takes_no_room() -> None:
    room = ByteRoom(1)
    assert asyncio.run(room.enter(None)) is None


class Nothing:
    """A channel that is asked for an iterator and never iterated over."""

    def __aiter__(self) -> "Nothing":
        return self


class Fed:
    """Faust's own `noack_take` on a stream that is fed by hand, set up as the engine does it."""

    noack_take: Any = Stream.noack_take
    channel = Nothing()
    enable_acks = True
    should_stop = False

    def __init__(self, rest_s: float) -> None:
        self.loop = asyncio.get_running_loop()
        self._active_agens: Any = set()
        self.current_event: Any = None
        self.room, self.rest_s, self.gathered = ByteRoom(1000), rest_s, 0
        self._processors: list[Any] = [self.room.enter]
        wait_for_the_first(self, self.room, self._rest)

    def _rest(self) -> float:
        self.gathered += 1
        return self.rest_s

    def add_processor(self, processor: Any) -> None:
        self._processors.append(processor)

    def _enable_passive(self, _channel: Any) -> None:
        """Values come by `put`."""

    async def wait(self, event: asyncio.Event) -> None:
        await event.wait()

    async def wait_for_stopped(self, event: asyncio.Event, timeout: float | None = None) -> bool:  # noqa: ASYNC109
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout)
        return False

    async def put(self, *values: bytes) -> None:
        """Pass values through the processors, as Faust's iteration does."""
        for value in values:
            self.current_event = SimpleNamespace(value=value)
            for processor in list(self._processors):
                await processor(value)

    async def take(self, count: int, meanwhile: bytes = b"") -> list[list[bytes]]:
        """Return the next batches; another value enters while the first one is processed."""
        found: list[list[bytes]] = []
        entering: Any = None
        async with contextlib.aclosing(self.noack_take(100, within=1)) as batches:
            async for events in batches:
                found.append([event.value for event in events])
                if meanwhile and entering is None:
                    entering = asyncio.ensure_future(self.put(meanwhile))
                    await asyncio.sleep(0.01)  # it is at the door of the next batch
                self.room.empty()
                if len(found) == count:
                    break
        return found


def test_an_idle_stream_sleeps() -> None:
    async def idle() -> int:
        stream = Fed(rest_s=0)
        taking = asyncio.ensure_future(stream.take(1))
        await asyncio.sleep(0.1)
        woken = stream.gathered
        await stream.put(b"a")
        assert await asyncio.wait_for(taking, 5) == [[b"a"]]
        return woken

    assert asyncio.run(idle()) == 0


def test_a_value_that_enters_while_a_batch_is_processed_is_in_the_next_one() -> None:
    async def two() -> list[list[bytes]]:
        stream = Fed(rest_s=0.02)
        taking = asyncio.ensure_future(stream.take(2, meanwhile=b"c"))
        await asyncio.sleep(0.01)
        await stream.put(b"a", b"b")
        return await asyncio.wait_for(taking, 5)

    assert asyncio.run(two()) == [[b"a", b"b"], [b"c"]]


def test_faust_still_waits_as_the_override_supposes() -> None:
    text = inspect.getsource(Stream.noack_take)

    assert "await self.wait_for_stopped(\n                    buffer_full, timeout=timeout" in text
