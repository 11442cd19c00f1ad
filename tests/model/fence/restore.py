"""B: a ledger that is restored from a backup begins a new incarnation and tells everything again.

The ledger may go back to an earlier state at any moment. What its old process published stays under way, and that
process may even work on for a while. Nothing older arrives behind an acknowledged start message: the sink drops it.
"""

from collections.abc import Iterable, Iterator, Sequence

from tests.model.fence.incarnations import (
    Ledger,
    Moment,
    OldRow,
    Open,
    Started,
    Step,
    View,
    taken,
)
from tests.model.fence.messages import Marker, Redecision, Told, last_told
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import (
    REDACT,
    RESUME,
    SUSPEND,
    Control,
    EntryRecord,
    World,
    hide,
    show,
)


class Restore:
    """`restores`: how often the ledger goes back; `zombie`: whether its old process may work on."""

    def __init__(
        self, world: World, off: Off = NONE, *, restores: int = 1, zombie: bool = False
    ) -> None:
        self.world, self.off, self.restores, self.zombie = world, off, restores, zombie

    def start(self) -> Moment:
        world = self.world
        messages: list[Told] = []
        rows: list[OldRow | None] = [None] * len(world.entries)
        records = [0] * len(world.entries)
        for count, record in enumerate(world.records[: world.stored], 1):
            entry = world.index[record.entry]
            content = world.truth[0][count][entry]
            if content is not None:
                rows[entry], records[entry] = OldRow(1, len(messages), content, -1), count
                messages.append(Told(entry, content, count, -1, None))
        live = Ledger(1, 0, world.stored, tuple(messages), phase="open", retold=len(world.entries))
        view = View(
            1, is_open=True, rows=tuple(rows), taken=(1 << len(messages)) - 1,
            records=tuple(records),
        )  # fmt: skip
        return Moment(0, live, (), live, may_back_up=True, restores=self.restores, view=view)

    def steps(self, at: Moment) -> Iterable[Step]:
        if at.gate < len(self.world.controls):
            yield ("gate applies", *self.world.controls[at.gate]), at._replace(gate=at.gate + 1)
        for label, new in self._work(at.live, at.older):
            yield label, at._replace(live=new, older=_silenced(at.older, at.live))
        for which, ghost in enumerate(at.older):
            if ghost.alive:
                rest = _silenced(at.older, ghost)
                for label, new in self._work(ghost, at.older[:which]):
                    older = (*rest[:which], new, *rest[which + 1 :])
                    yield ("old process:", *label), at._replace(older=older)
        if at.may_back_up and at.live.phase == "open" and at.restores:
            yield ("a backup is taken",), at._replace(backup=at.live, may_back_up=False)
        if at.restores and (at.live != at.backup or self.zombie):
            yield from self._go_back(at)
        for ledger in (at.live, *at.older):
            for number in range(len(ledger.messages)):
                yield from self._take(at, ledger, number)

    def _work(
        self, one: Ledger, older: tuple[Ledger, ...]
    ) -> Iterator[tuple[tuple[object, ...], Ledger]]:
        """What a ledger's lanes may commit next."""
        if one.phase == "new":
            goal = one.goal if Rule.ENDS in self.off else _read_by(older)
            yield (
                ("the start of incarnation", one.incarnation, "is acknowledged"),
                one._replace(phase="catching up", goal=goal, messages=(Started(),)),
            )
            return
        if one.records < len(self.world.records):
            record = self.world.records[one.records]
            new = one._replace(records=one.records + 1)
            label = ("entries lane commits", record.entry, record.version)
            yield label, self._tell(new, self.world.index[record.entry])
        yield from self._controls(one)
        if one.phase == "catching up":
            yield from self._catch_up(one)

    def _controls(self, one: Ledger) -> Iterator[tuple[tuple[object, ...], Ledger]]:
        under_way, through = one.redecision, one.controls - 1
        if under_way is None:
            if one.controls < len(self.world.controls):
                new = one._replace(
                    controls=one.controls + 1, redecision=Redecision(0, one.controls)
                )
                yield ("controls lane folds", *self.world.controls[one.controls]), new
        elif under_way.page < len(self.world.entries):
            turned = one._replace(redecision=under_way._replace(page=under_way.page + 1))
            label = ("controls lane, page", under_way.page)
            yield label, self._tell(turned, under_way.page)
        else:
            marker = Marker(through, -1)
            new = one._replace(redecision=None, messages=(*one.messages, marker))
            yield ("controls lane ends:", marker), new

    def _catch_up(self, one: Ledger) -> Iterator[tuple[tuple[object, ...], Ledger]]:
        if one.retold < len(self.world.entries):
            yield (
                ("tells again", one.retold),
                self._tell(one._replace(retold=one.retold + 1), one.retold),
            )
        elif one.redecision is None and one.controls >= one.goal[0] and one.records >= one.goal[1]:
            new = one._replace(phase="open", messages=(*one.messages, Open()))
            yield ("commits the open message of incarnation", one.incarnation), new

    def _tell(self, one: Ledger, entry: int) -> Ledger:
        if entry not in self.world.arrived[one.records]:
            return one
        number = last_told(one.messages, entry)
        before = one.messages[number] if number is not None else None
        content = self.world.truth[one.controls][one.records][entry]
        if content == (before.content if isinstance(before, Told) else None):
            return one
        told = Told(entry, content, one.records, one.controls - 1, None)
        return one._replace(messages=(*one.messages, told))

    def _go_back(self, at: Moment) -> Iterator[Step]:
        ledgers = (*at.older, at.live)
        in_topic = (
            [one for one in ledgers if one.phase != "new"] if Rule.UNIQUE in self.off else ledgers
        )
        older = (*at.older, at.live._replace(alive=self.zombie))
        back = at._replace(older=older, may_back_up=False, restores=at.restores - 1)
        fresh = at.backup._replace(
            incarnation=max(one.incarnation for one in in_topic) + 1,
            messages=(), phase="new", goal=_read_by(ledgers), retold=0,
        )  # fmt: skip
        unnoticed = back._replace(live=at.backup._replace(again=True))
        if Rule.CHECK in self.off:
            yield ("the ledger is restored, unnoticed",), unnoticed
            return
        yield ("the ledger is restored",), back._replace(live=fresh)
        if Rule.IN_FLIGHT in self.off and _is_behind(at):
            yield ("the ledger is restored; the topic does not show it yet",), unnoticed

    def _take(self, at: Moment, ledger: Ledger, number: int) -> Iterator[Step]:
        view, incarnation = at.view, ledger.incarnation
        seen = incarnation == view.incarnation and view.taken >> number & 1
        if incarnation < view.incarnation or seen:
            return
        new = taken(view, incarnation, number, ledger.messages[number], self.off)
        label = ("view takes", (incarnation, number), ledger.messages[number])
        yield label, at._replace(view=new)

    def readable(self, at: Moment) -> tuple[str | None, ...]:
        """What a patient sees of each entry."""
        gate, view = self.world.gates[at.gate], at.view
        any_row = Rule.UNREADABLE in self.off
        if gate.closed or not (view.is_open or any_row):
            return (None,) * len(view.rows)
        return tuple(
            row.content
            if row
            and (any_row or row.incarnation == view.incarnation)
            and max(row.vouches_for, view.through) >= max(gate.fence, gate.entry_fences[entry])
            else None
            for entry, row in enumerate(view.rows)
        )

    def leak(self, at: Moment) -> str | None:
        for entry, content in enumerate(self.readable(at)):
            known = self.world.truth[at.gate :]
            records = range(at.view.records[entry], len(self.world.records) + 1)
            if content and not any(of[n][entry] == content for of in known for n in records):
                return f"leak: entry {self.world.entries[entry]} is readable as {content}"
        return None

    def is_finished(self, at: Moment) -> bool:
        live, view = at.live, at.view
        return (
            at.gate == live.controls == len(self.world.controls)
            and live.records == len(self.world.records)
            and live.redecision is None
            and live.phase == "open"
            and view.incarnation == live.incarnation
            and view.taken == (1 << len(live.messages)) - 1
        )

    def wrong_end(self, at: Moment) -> str | None:
        shown, right = self.readable(at), self.world.truth[-1][-1]
        return None if shown == right else f"wrong end: {shown} is readable, {right} should be"


def _read_by(ledgers: Iterable[Ledger]) -> tuple[int, int]:
    """The ends of the two logs, at the worst: no further than any process has read."""
    every = list(ledgers)
    return max(one.controls for one in every), max(one.records for one in every)


def _is_behind(at: Moment) -> bool:
    """Whether the topic holds nothing that the backup does not."""
    one = at.backup.incarnation
    return one == at.live.incarnation == at.view.incarnation and not (
        at.view.taken >> len(at.backup.messages)
    )


def _silenced(older: tuple[Ledger, ...], starting: Ledger) -> tuple[Ledger, ...]:
    """What older incarnations publish behind an acknowledged start is dropped: they may as well be dead."""
    if starting.phase != "new":
        return older
    return tuple(
        one._replace(alive=False) if one.incarnation < starting.incarnation else one
        for one in older
    )


ONE = (EntryRecord("a", 1, "a1"),)
HELD, BETTER = (*ONE, EntryRecord("a", 2, None)), (*ONE, EntryRecord("a", 2, "a2"))
BOTH = (*ONE, EntryRecord("b", 1, "b1"))
POOL = (SUSPEND, RESUME, hide("a"), show("a"), REDACT)


def scenarios(off: Off = NONE) -> Iterator[Restore]:
    """With and without an old process that works on, and two restores."""
    for records in (HELD, BETTER):
        yield _restore((), records, off, zombie=True)
    yield _restore((), HELD, off, zombie=True, restores=2)
    yield _restore((hide("a"),), ONE, off, zombie=True)
    for controls in (*((one,) for one in POOL), (hide("a"), show("a")), (REDACT, hide("a"))):
        yield _restore(controls, HELD, off)
    for control in POOL:
        yield _restore((control,), BETTER, off)
    yield Restore(World("ab", (hide("a"),), BOTH, stored=2), off)
    yield _restore((hide("a"),), ONE, off, restores=2)


def witness(rule: Rule, off: Off) -> Restore:
    """A scenario that goes wrong without the rule."""
    if rule is Rule.OPEN_CONTROLS:
        return _restore((hide("a"),), ONE, off)
    if rule in (Rule.CHECK, Rule.IN_FLIGHT):
        return _restore((RESUME,), HELD, off)
    restores = 2 if rule is Rule.UNIQUE else 1
    return _restore((), HELD, off, zombie=True, restores=restores)


def _restore(
    controls: Sequence[Control],
    records: Sequence[EntryRecord],
    off: Off,
    *,
    restores: int = 1,
    zombie: bool = False,
) -> Restore:
    return Restore(World("a", controls, records, stored=1), off, restores=restores, zombie=zombie)
