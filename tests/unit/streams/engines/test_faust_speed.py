"""The overrides of Faust do what Faust does, sooner; and Faust is still what they were written for."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher  # type: ignore[import-untyped]
from faust import Service
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver

from recordgate_streams.engines.faust_speed import (
    BUSY_FETCH_MS,
    FULL_S,
    IDLE_FETCH_MS,
    QuickConsumer,
    QuickHandOver,
    set_fetch_wait,
)

Story = Callable[[Any, list[str]], Awaitable[Any]]


class Theirs(Service):
    """A service that waits as Faust does."""


class Ours(QuickHandOver):
    """A service that waits as the override does."""


def run(story: Story, kind: type[Service]) -> tuple[Any, list[str]]:
    """Let a message be handed over as the drain loop does; return what came of it, and the steps."""
    steps: list[str] = []

    async def told() -> Any:
        return await asyncio.wait_for(story(kind(), steps), 5)

    return asyncio.run(told()), steps


async def _suspended(event: asyncio.Event) -> None:
    await event.wait()


async def at_once(service: Any, steps: list[str]) -> Any:
    async def hand_over() -> None:
        steps.append("handed over")

    await service.wait_first(hand_over(), _suspended(asyncio.Event()))


async def after_a_while(service: Any, steps: list[str]) -> Any:
    async def hand_over() -> None:
        steps.append("begun")
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        steps.append("handed over")

    await service.wait_first(hand_over(), _suspended(asyncio.Event()))


async def stopped_meanwhile(service: Any, steps: list[str]) -> Any:
    stop = asyncio.Event()

    async def hand_over() -> None:
        steps.append("begun")
        asyncio.get_running_loop().call_later(0.01, stop.set)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            steps.append("cancelled")
            raise

    await service.wait_first(hand_over(), _suspended(stop))
    await asyncio.sleep(0)  # the cancellation arrives
    steps.append("went on")


async def failed(service: Any, steps: list[str]) -> Any:
    async def hand_over() -> None:
        await asyncio.sleep(0)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await service.wait_first(hand_over(), _suspended(asyncio.Event()))
    steps.append("raised")


@pytest.mark.parametrize("story", [at_once, after_a_while, stopped_meanwhile, failed])
def test_a_message_is_handed_over_as_faust_does_it(story: Story) -> None:
    assert run(story, Ours) == run(story, Theirs)


def test_a_failure_at_once_is_raised_too() -> None:
    async def fail(service: Any, _: list[str]) -> None:
        async def hand_over() -> None:
            raise ValueError("refused")

        await service.wait_first(hand_over(), _suspended(asyncio.Event()))

    with pytest.raises(ValueError, match="refused"):
        run(fail, Ours)


def test_full_buffers_are_looked_at_again_soon() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    full = SimpleNamespace(
        flow_active=True,
        _buffered_partitions={1},
        _get_active_partitions=set[int],
        sleep=sleep,
    )
    wait: Any = QuickConsumer._wait_next_records

    assert asyncio.run(wait(full, 1.0)) == ({}, set())
    assert slept == [FULL_S]


@pytest.mark.parametrize(("busy", "wait_ms"), [(True, BUSY_FETCH_MS), (False, IDLE_FETCH_MS)])
def test_the_broker_keeps_a_request_no_longer_than_told(busy: bool, wait_ms: int) -> None:
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_fetch_max_wait_ms=1500))
    set_fetch_wait(consumer, busy=busy)

    assert consumer._fetcher._fetch_max_wait_ms == wait_ms


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Consumer._drain_messages, "callback(message), self.suspend_flow.wait()"),
        (Consumer._wait_next_records, "await self.sleep(1)"),
        (Consumer.on_buffer_full, "self._buffered_partitions.add(tp)"),
        (driver.AIOKafkaConsumerThread._create_worker_consumer, "fetch_max_wait_ms=1500"),
        (driver.AIOKafkaConsumerThread._fetch_records, "fetcher = consumer._fetcher"),
        (Fetcher._get_actions_per_node, "self._fetch_max_wait_ms"),
    ],
)
def test_faust_is_still_what_the_overrides_were_written_for(method: Any, words: str) -> None:
    assert words in inspect.getsource(method)


def test_the_versions_are_those_the_overrides_were_written_for() -> None:
    assert version("faust-streaming") == "0.15.3"
    assert version("aiokafka").startswith("0.14.")
