"""A batch gathered by Faust has no more bytes than its bound; a larger record is alone."""

import asyncio

from recordgate_streams.engines.byte_room import ByteRoom


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
