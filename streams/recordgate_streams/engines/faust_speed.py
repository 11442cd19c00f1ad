"""What Faust does slowly for no reason of ours, done otherwise: three overrides, each of one method or one number.

They fit faust-streaming 0.15.3 and aiokafka 0.14 (docs/adr/0023-faust-overrides.md); tests fail when either changes
underneath. None changes what is handed over, in which order, or when it is acknowledged.
"""

import inspect
from collections.abc import Coroutine, Generator
from typing import Any

from faust import Service
from faust.transport.consumer import Consumer

FULL_S = 0.005
"""Seconds until a consumer whose buffers are all full looks again. Faust waits for one second."""

BUSY_FETCH_MS = 20
IDLE_FETCH_MS = 500
"""How long the broker may keep a request for records that nobody has sent yet. Faust says 1500 in any case.

While some partitions have buffered enough, a request is for the others alone, and the next one has to wait for it:
under load it must not last. Otherwise it is for all of them, is answered as soon as there is anything, and may last.
"""

BUSY_RECORDS = 100
"""Records in one answer from which on a consumer counts as busy."""


class QuickHandOver(Service):
    """Hands over what can be handed over at once without starting tasks."""

    async def wait_first(self, *coros: Any, timeout: Any = None) -> Any:  # noqa: ASYNC109  Faust's signature
        """Hand a message over without a race against a stop of the flow, unless the handing over has to wait.

        Faust starts four tasks for each message, one of which nearly always ends at once.
        """
        if len(coros) != 2 or not all(map(inspect.iscoroutine, coros)):
            return await super().wait_first(*coros, timeout=timeout)
        handing_over, suspended = coros
        rest: _Begun | None = None
        try:
            rest = _begin(handing_over)
        finally:
            if rest is None:
                suspended.close()
        if rest is not None:
            await super().wait_first(rest, suspended, timeout=timeout)
        return None  # the loop that hands over does not look at it


class QuickConsumer(QuickHandOver, Consumer):
    """Faust's consumer, without a task for each message and without long sleeps."""

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109  Faust's signature
        if self.flow_active and self._buffered_partitions and not self._get_active_partitions():
            await self.sleep(FULL_S)
            return {}, set()
        return await super()._wait_next_records(timeout)


class _Begun:
    """The rest of a coroutine that has begun, and waits for something."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        self._coroutine, self._waits_for = coroutine, waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._waits_for
        while True:
            try:
                try:
                    yield waits_for
                except BaseException as error:  # noqa: BLE001  it is the coroutine's to handle, a cancellation too
                    waits_for = self._coroutine.throw(error)
                else:
                    waits_for = self._coroutine.send(None)
            except StopIteration as end:
                return end.value


def _begin(coroutine: Coroutine[Any, Any, Any]) -> _Begun | None:
    """Run a coroutine until it has to wait; None when it did not have to."""
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    return _Begun(coroutine, waits_for)


def set_fetch_wait(consumer: Any, *, busy: bool) -> None:
    """Say how long the broker may keep the next request of an aiokafka consumer."""
    consumer._fetcher._fetch_max_wait_ms = BUSY_FETCH_MS if busy else IDLE_FETCH_MS  # noqa: SLF001
