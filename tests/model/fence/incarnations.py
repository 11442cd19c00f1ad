"""Ledgers with an incarnation, the view that follows them, and the scenarios of a restore."""

from typing import Literal, NamedTuple

from tests.model.fence.explore import Label
from tests.model.fence.messages import Marker, Message, Redecision, Told
from tests.model.fence.rules import Off, Rule


class Started(NamedTuple):
    """The first message of an incarnation."""


class Open(NamedTuple):
    """Everything was told again, under everything that was read before."""


Phase = Literal["new", "catching up", "open"]


class Ledger(NamedTuple):
    """A ledger with the process on it. `goal`: controls and records to read before it opens.

    `again`: it was restored and nobody noticed; only so that it is not the same as its backup.
    """

    incarnation: int
    controls: int
    records: int
    messages: tuple[Message | Started | Open, ...]
    phase: Phase
    retold: int
    redecision: Redecision | None = None
    goal: tuple[int, int] = (0, 0)
    alive: bool = True
    again: bool = False


class OldRow(NamedTuple):
    """What the view holds of an entry, and the incarnation that told it."""

    incarnation: int
    number: int
    content: str | None
    vouches_for: int


class View(NamedTuple):
    """The view of one partition. `records`: per entry, the most that it was told of."""

    incarnation: int
    is_open: bool
    rows: tuple[OldRow | None, ...]
    taken: int
    records: tuple[int, ...]
    waiting: frozenset[tuple[int, Marker | Open]] = frozenset()
    through: int = -1


class Moment(NamedTuple):
    """The gate, the ledger in use, those it replaced, the backup, and the view."""

    gate: int
    live: Ledger
    older: tuple[Ledger, ...]
    backup: Ledger
    may_back_up: bool
    restores: int
    view: View


Step = tuple[Label, Moment]


def taken(
    view: View, incarnation: int, number: int, message: Message | Started | Open, off: Off
) -> View:
    """The view with one more message."""
    if incarnation > view.incarnation:
        view = _afresh(view, incarnation, off)
    view = view._replace(taken=view.taken | 1 << number)
    if isinstance(message, Told):
        view = _with_row(
            view, OldRow(incarnation, number, message.content, message.vouches_for), message
        )
    elif isinstance(message, Marker | Open):
        view = view._replace(waiting=view.waiting | {(number, message)})
    return _settled(view)


def _afresh(view: View, incarnation: int, off: Off) -> View:
    """The first message of a newer incarnation closes the partition; numbers and markers start again."""
    is_open = bool(off & {Rule.OPEN, Rule.OPEN_CONTROLS})
    through = view.through if Rule.OPEN_CONTROLS in off else -1
    return View(incarnation, is_open, view.rows, 0, view.records, through=through)


def _with_row(view: View, row: OldRow, told: Told) -> View:
    at, known = told.entry, view.rows[told.entry]
    if known is not None and (known.incarnation, known.number) >= (row.incarnation, row.number):
        return view
    records = max(view.records[at], told.records)
    return view._replace(
        rows=(*view.rows[:at], row, *view.rows[at + 1 :]),
        records=(*view.records[:at], records, *view.records[at + 1 :]),
    )


def _settled(view: View) -> View:
    """Apply the markers and the open message below which nothing is missing."""
    due = {one for one in view.waiting if not ~view.taken & (1 << one[0]) - 1}
    through = [message.through for _, message in due if isinstance(message, Marker)]
    return view._replace(
        waiting=view.waiting - due,
        through=max([view.through, *through]),
        is_open=view.is_open or any(isinstance(message, Open) for _, message in due),
    )
