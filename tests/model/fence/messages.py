"""What the lanes publish, and one moment of the world that the lanes and the view share."""

from collections.abc import Sequence
from typing import NamedTuple


class Told(NamedTuple):
    """A decision about one entry; no content: a retraction. It knew so many records.

    `vouches_for`: the position up to which it may be believed. `arrival`: the record it was committed with.
    """

    entry: int
    content: str | None
    records: int
    vouches_for: int
    arrival: int | None


class Marker(NamedTuple):
    """The patient was decided again under the controls up to `through`; `lifts`: the number of the closing it ends."""

    through: int
    lifts: int


class Closing(NamedTuple):
    """The patient is closed until the marker that names this message's number. `arrival`: as for Told."""

    arrival: int


Message = Told | Marker | Closing
Note = tuple[str, int]


class Row(NamedTuple):
    """What the view holds of an entry."""

    number: int
    content: str | None
    vouches_for: int


class Redecision(NamedTuple):
    """A re-decision under way: pages done, and the first of the controls it is for."""

    page: int
    first: int


class FollowUp(NamedTuple):
    """A follow-up under way: pages done, the number of its closing, controls folded before its first page."""

    page: int
    closing: int
    folded: int


class State(NamedTuple):
    """One moment. `messages` by number; `taken`: those in the view, as bits; `told`: per entry, what the view was told.

    `resends`: how often a message may still arrive a second time. `notes`: what only some machines remember.
    """

    gate: int
    folded: int
    accepted: int
    redecision: Redecision | None
    follow_ups: tuple[FollowUp, ...]
    messages: tuple[Message, ...]
    rows: tuple[Row | None, ...]
    taken: int
    told: tuple[tuple[int, int], ...]
    resends: int
    notes: frozenset[Note]


def last_told(messages: Sequence[object], entry: int) -> int | None:
    """The number of the last message about an entry."""
    for number in range(len(messages) - 1, -1, -1):
        message = messages[number]
        if isinstance(message, Told) and message.entry == entry:
            return number
    return None
