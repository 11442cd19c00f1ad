"""The independent answer: what a patient may see after some controls. Shares no code with the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from recordgate_schemas import control as c
from recordgate_schemas.entry import ClinicalEntry

GO_LIVE = date(2023, 10, 31)


@dataclass(slots=True)
class Log:
    """What the topics hold of one patient: controls by offset, the newest version of each entry."""

    controls: list[tuple[int, c.Control]] = field(default_factory=list)
    newest: dict[str, ClinicalEntry] = field(default_factory=dict)

    def add_entry(self, entry: ClinicalEntry) -> None:
        """Keep an entry if it is newer than what is known."""
        known = self.newest.get(entry.entry_id)
        if known is None or entry.version > known.version:
            self.newest[entry.entry_id] = entry

    def after(self, position: int) -> list[list[c.Control]]:
        """Return every prefix of the controls that contains all before `position`, shortest first."""
        at_least = sum(offset < position for offset, _ in self.controls)
        ordered = [control for _, control in self.controls]
        return [ordered[:n] for n in range(at_least, len(ordered) + 1)]


def may_see(controls: Iterable[c.Control], entry: ClinicalEntry) -> bool:
    """True when an adult patient with these controls may see the entry."""
    said = list(controls)
    if not _last(said, c.Registered) or not _last(said, c.AccessLevelSet):
        return False
    declined, opted_in = _last(said, c.AccessDeclined), _last(said, c.AccessOptedIn)
    suspended, resumed = _last(said, c.AccessSuspended), _last(said, c.AccessResumed)
    if declined and not (opted_in and opted_in > declined):
        return False
    if suspended and not (resumed and resumed > suspended):
        return False
    hidden = {x.change.entry_id for x in said if isinstance(x.change, c.EntryHidden)}
    if entry.entry_id in hidden or any(label.code == "NOPAT" for label in entry.labels):
        return False
    start = max(GO_LIVE, opted_in.date()) if declined and opted_in else GO_LIVE
    return entry.recorded_at is not None and entry.recorded_at.date() >= start


def expected(log: Log) -> set[tuple[str, int]]:
    """Return (entry id, version) of all a patient may see in the end."""
    controls = [control for _, control in log.controls]
    return {(e.entry_id, e.version) for e in log.newest.values() if may_see(controls, e)}


def leaks(log: Log, position: int, seen: Sequence[tuple[str, int]]) -> list[str]:
    """Return what was seen although no state since the gate stood at `position` permits it."""
    prefixes = log.after(position)
    return [
        entry_id
        for entry_id, _ in seen
        if not any(may_see(prefix, log.newest[entry_id]) for prefix in prefixes)
    ]


def _last(controls: list[c.Control], kind: type) -> datetime | None:
    instants = [x.effective_at for x in controls if isinstance(x.change, kind)]
    return max(instants).astimezone(UTC) if instants else None
