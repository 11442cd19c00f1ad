"""Bounds a batch that Faust gathers in bytes; Faust itself counts records only."""

import asyncio


class ByteRoom:
    """A stream's processor that lets values pass until they have so many bytes together, then waits for `empty`.

    Faust hands over what it has gathered after its wait, so the batch at hand does not wait for the value at the door.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held = 0
        self._emptied = asyncio.Event()

    async def enter(self, value: bytes | None) -> bytes | None:
        """Return the value once there is room; a value larger than the room enters alone."""
        size = len(value or b"")
        while self._held and self._held + size > self._most:
            self._emptied.clear()
            await self._emptied.wait()
        self._held += size
        return value

    def empty(self) -> None:
        """Forget what was gathered: its batch is done."""
        self._held = 0
        self._emptied.set()
