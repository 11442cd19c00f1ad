"""E: the view closes unless a gate lane has lately shown that it applies everything. Time is counted in steps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.fence.explore import Label
from tests.model.fence.rules import NONE, Off, Rule


class GateLane(NamedTuple):
    """A gate lane in its round: the next step, the clock it read, the end of the log it found."""

    step: int = 0
    clock: int = 0
    end: int = 0


class Reader(NamedTuple):
    """A patient's read: what it has so far of the hide's effect, the stamp and the clock; then its answer."""

    hide_applied: bool | None = None
    stamp: int = 0
    clock: int | None = None
    shown: bool | None = None


class Moment(NamedTuple):
    """One hide, acknowledged at `hidden`; `stranded`: in a partition that nobody reads."""

    now: int
    hidden: int | None
    stranded: bool
    applied: bool
    stamp: int
    lanes: tuple[GateLane, ...]
    reader: Reader
    leader_moved: bool
    partition_added: bool


Step = tuple[Label, Moment]


@dataclass(frozen=True, slots=True)
class Lease:
    """Gate lanes that may stop, pause and start again between any two steps of a round; one hide; one reader."""

    off: Off = NONE
    lanes: int = 2
    leader_moves: bool = False
    partition_is_added: bool = False
    lease: int = 1
    last: int = 3

    @property
    def round(self) -> tuple[str, ...]:
        """The steps of a round in their order."""
        ask = "ask" if Rule.TICK in self.off else "tick"
        look = (*(() if Rule.COUNT in self.off else ("count",)), ask)
        if Rule.CLOCK_AT_WRITE in self.off:
            return (*look, "apply", "write now")
        if Rule.CLOCK_AFTER_ASK in self.off:
            return (*look, "clock", "apply", "write clock")
        if Rule.CHECK_THEN_WRITE in self.off:
            return ("clock", *look, "apply", "check", "write now")
        return ("clock", *look, "apply", "write clock")

    def start(self) -> Moment:
        lanes = (GateLane(),) * self.lanes
        return Moment(
            0, None, stranded=False, applied=False, stamp=0, lanes=lanes, reader=Reader(),
            leader_moved=False, partition_added=False,
        )  # fmt: skip

    def steps(self, at: Moment) -> Iterable[Step]:
        if at.reader.shown is not None:
            return
        if at.now < self.last:
            yield ("it is", at.now + 1), at._replace(now=at.now + 1)
        if at.hidden is None:
            yield from self._before_the_hide(at)
        for which, lane in enumerate(at.lanes):
            for label, after, new in self._lane(at, lane):
                lanes = (*at.lanes[:which], new, *at.lanes[which + 1 :])
                yield ("gate lane", which + 1, label), after._replace(lanes=lanes)
        yield self._read(at)

    def _before_the_hide(self, at: Moment) -> Iterator[Step]:
        yield ("a hide is acknowledged at", at.now), at._replace(hidden=at.now)
        if at.partition_added:
            stranded = at._replace(hidden=at.now, stranded=True)
            yield ("a hide is acknowledged in the new partition at", at.now), stranded
        if self.leader_moves and not at.leader_moved:
            yield ("the leader moves; the old one still answers",), at._replace(leader_moved=True)
        if self.partition_is_added and not at.partition_added:
            yield ("a partition is added",), at._replace(partition_added=True)

    def _lane(  # noqa: C901  one per step of the round
        self, at: Moment, lane: GateLane
    ) -> Iterator[tuple[str, Moment, GateLane]]:
        step, following = self.round[lane.step], lane._replace(step=lane.step + 1)
        end = int(at.hidden is not None and not at.stranded)
        if lane.step:
            yield "starts again", at, GateLane()
        match step:
            case "clock":
                yield f"reads the clock: {at.now}", at, following._replace(clock=at.now)
            case "count" if not at.partition_added:
                yield "sees the partition count unchanged", at, following
            case "tick":
                yield f"has a tick acknowledged behind {end}", at, following._replace(end=end)
            case "ask":
                yield f"asks for the end: {end}", at, following._replace(end=end)
                if at.leader_moved and end:
                    yield "asks the old leader for the end: 0", at, following._replace(end=0)
            case "apply":
                applied = at._replace(applied=at.applied or bool(lane.end))
                yield f"applies what lies below {lane.end}", applied, following
                if Rule.POSITION in self.off:
                    yield "believes it has; the transaction was rolled back", at, following
            case "check" if at.now == lane.clock:
                yield "sees that the round was short", at, following
            case "write clock" | "write now" if (
                at.applied or not lane.end or Rule.POSITION in self.off
            ):
                stamp = max(at.stamp, lane.clock if step == "write clock" else at.now)
                yield f"writes the stamp {stamp}", at._replace(stamp=stamp), GateLane()

    def _read(self, at: Moment) -> Step:
        """The snapshot, then the clock; without the rule, the clock of the transaction's start first."""
        reader = at.reader
        clock_first = Rule.READER in self.off
        if clock_first and reader.clock is None:
            return ("the reader's transaction starts at", at.now), at._replace(
                reader=reader._replace(clock=at.now)
            )
        if reader.hide_applied is None:
            reader = reader._replace(hide_applied=at.applied, stamp=at.stamp)
            if not clock_first:
                return ("the reader takes its snapshot",), at._replace(reader=reader)
        clock = at.now if reader.clock is None else reader.clock
        shown = not reader.hide_applied and clock < reader.stamp + self.lease
        return ("the reader answers at", at.now), at._replace(reader=reader._replace(shown=shown))

    def leak(self, at: Moment) -> str | None:
        if at.reader.shown and at.hidden is not None and at.now >= at.hidden + self.lease:
            return f"leak: hidden at {at.hidden}, readable at {at.now}, the lease is {self.lease}"
        return None

    def is_finished(self, at: Moment) -> bool:
        return at.reader.shown is not None

    def wrong_end(self, at: Moment) -> str | None:  # noqa: ARG002
        """An answer that is no leak is right: dark is always allowed."""
        return None


def scenarios(off: Off = NONE) -> Iterator[Lease]:
    """One gate lane for a longer time, two for a shorter; with a leader that moves and a partition added."""
    for lanes, lease, last in ((1, 2, 6), (2, 1, 4)):
        for moves, added in ((False, False), (True, False), (False, True)):
            yield Lease(off, lanes, moves, added, lease, last)


def witness(rule: Rule, off: Off) -> Lease:
    """A scenario that goes wrong without the rule."""
    return Lease(
        off, 1, leader_moves=rule is Rule.TICK, partition_is_added=rule is Rule.COUNT, lease=2
    )
