"""What a reader may see, in plain Python: written from the design's section 6, not from the SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recordgate_consumers.view.gate_rules import PATIENT, GateClosure, closure_of, fences_of
from recordgate_schemas.control import Change
from recordgate_schemas.messages import Redecided, Release, Released, Retract
from recordgate_schemas.values import SELF


@dataclass
class ViewModel:
    """One patient: every control applied so far with its position, every message by sequence number."""

    controls: list[tuple[int, Change, datetime, datetime]] = field(default_factory=list)
    messages: dict[int, Released] = field(default_factory=dict)

    def visible(self, audience: str, now: datetime) -> set[bytes]:
        shown = set()
        through = self._decided_through()
        for entry_id, message in self._newest(audience).items():
            change = message.change
            fence = max(self._fence(PATIENT), self._fence(audience), self._entry_fence(entry_id))
            fresh = max(message.decided_under, through) >= fence
            if not isinstance(change, Release) or _ran_out(change, now):
                continue
            if fresh and self._is_open(audience, now):
                shown.add(change.body)
        return shown

    def _newest(self, audience: str) -> Mapping[str, Released]:
        found: dict[str, Released] = {}
        for _, message in sorted(self.messages.items()):
            if (
                isinstance(message.change, Release | Retract)
                and message.change.audience == audience
            ):
                found[message.change.entry_id] = message
        return found

    def _decided_through(self) -> int:
        complete = next(n for n in range(len(self.messages) + 1) if n not in self.messages)
        due = (m.change for n, m in self.messages.items() if n < complete)
        return max((c.through for c in due if isinstance(c, Redecided)), default=-1)

    def _fence(self, audience: str) -> int:
        seen: set[str | None] = set()
        highest = -1
        for position, change, _, _ in self.controls:
            raised = fences_of(change)
            again = raised.grant is not None and raised.grant in seen and audience == PATIENT
            if audience in raised.audiences or again:
                highest = max(highest, position)
            seen.update({raised.grant, *raised.audiences})
        return highest

    def _entry_fence(self, entry_id: str) -> int:
        hits = (p for p, change, _, _ in self.controls if entry_id in fences_of(change).entries)
        return max(hits, default=-1)

    def _is_open(self, audience: str, now: datetime) -> bool:
        closures = [c for _, change, at, by in self.controls if (c := closure_of(change, at, by))]
        registrations = [c for c in closures if c.cause == "registration"]
        practices = {c.practice for c in registrations}
        if all(_last([c for c in registrations if c.practice == p]).closed for p in practices):
            return False
        wide = [c for c in closures if c.audience == PATIENT and c.cause != "registration"]
        own = [c for c in closures if c.audience == audience]
        if audience != SELF and not own:
            return False
        causes = {c.cause for c in wide + own}
        last = [_last([c for c in wide + own if c.cause == cause]) for cause in causes]
        return not any(c.closed or _ended(c, now) for c in last)


def _ran_out(release: Release, now: datetime) -> bool:
    return release.valid_until is not None and now >= release.valid_until


def _last(closures: Iterable[GateClosure]) -> GateClosure:
    """The latest closure; at the same instant, what closes or ends first."""
    return max(closures, key=lambda c: (c.effective_at, c.closed, -_end(c)))


def _end(closure: GateClosure) -> float:
    return closure.expires_at.timestamp() if closure.expires_at else float("inf")


def _ended(closure: GateClosure, now: datetime) -> bool:
    return closure.expires_at is not None and now >= closure.expires_at
