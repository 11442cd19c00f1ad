"""Bounds a batch that Faust gathers in bytes, and begins it with a value; Faust itself counts records and time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

LEAST_S = 0.001
"""Seconds that are gathered in any case: who entered needs a moment to be in the batch."""

Wait = Callable[..., Awaitable[bool]]


class ByteRoom:
    """A stream's processor that lets values pass until they have so many bytes together, then waits for `empty`.

    Faust hands over what it has gathered after its wait, so the batch at hand does not wait for the value at the door.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held = 0
        self._emptied = asyncio.Event()
        self.entered = asyncio.Event()
        """Set when a value enters. Who waits for it clears it."""

    async def enter(self, value: bytes | None) -> bytes | None:
        """Return the value once there is room; a value larger than the room enters alone."""
        size = len(value or b"")
        while self._held and self._held + size > self._most:
            self._emptied.clear()
            await self._emptied.wait()
        self._held += size
        self.entered.set()
        return value

    def empty(self) -> None:
        """Forget what was gathered: its batch is done."""
        self._held = 0
        self._emptied.set()


def wait_for_the_first(stream: Any, room: ByteRoom, rest_s: Callable[[], float]) -> None:
    """Let `noack_take` sleep until a value has come, and then gather for `rest_s()` seconds.

    By itself it wakes at the end of each period, whether anything has come or not. INVARIANT: a value that enters while
    a batch is processed is in none yet; it stays announced until the next batch is gathered.
    """
    wait: Wait = stream.wait_for_stopped

    async def gathered(full: asyncio.Event, timeout: float) -> bool:  # noqa: ARG001, ASYNC109  Faust's call
        if await wait(room.entered):
            return True
        room.entered.clear()
        return await wait(full, timeout=max(rest_s(), LEAST_S))

    stream.wait_for_stopped = gathered
