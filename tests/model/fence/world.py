"""A small world: one patient's controls and entry records in the order of their logs, and what policy makes of them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

Kind = Literal["suspend", "resume", "redact", "hide", "show", "withhold", "publisher hides"]


class Control(NamedTuple):
    """Something that changes what may be shown: of `entry`, or of the whole patient. `version`: a publisher's hide."""

    kind: Kind
    entry: str = ""
    version: int = 0


class EntryRecord(NamedTuple):
    """A version of an entry; without content it is held for what it is.

    `signal`: `+` or `-` and a number, a code about the whole patient that is stated or taken back.
    """

    entry: str
    version: int
    content: str | None
    signal: str = ""


class Gate(NamedTuple):
    """What the gate knows after some controls: positions of fences and whether it is closed. It knows no policy."""

    fence: int
    closed: bool
    entry_fences: tuple[int, ...]


SUSPEND, RESUME, REDACT = Control("suspend"), Control("resume"), Control("redact")
LOOSENING = ("resume", "show")
ABOUT_AN_ENTRY = ("hide", "withhold", "publisher hides")
FORBIDDEN = {"1": ("a", "b"), "2": ("b",), "3": ("a",)}
"""Entries that a signal forbids."""


def hide(entry: str) -> Control:
    """A person hides an entry, until a person shows it again."""
    return Control("hide", entry)


def show(entry: str) -> Control:
    return Control("show", entry)


def withhold(entry: str) -> Control:
    """A reviewer withholds an entry: known to a decision only with the entry itself in hand."""
    return Control("withhold", entry)


def publisher_hides(entry: str, version: int) -> Control:
    return Control("publisher hides", entry, version)


class World:
    """Entries, the two logs, how many records are decided and shown at the start, and who is whose parent."""

    def __init__(
        self,
        entries: Sequence[str],
        controls: Sequence[Control],
        records: Sequence[EntryRecord],
        *,
        stored: int = 0,
        parents: Mapping[str, str] | None = None,
        patient_fence: bool = False,
    ) -> None:
        """`patient_fence`: a control about an entry fences the whole patient, not only that entry."""
        self.entries, self.controls, self.records = tuple(entries), tuple(controls), tuple(records)
        self.stored, self.parents, self.patient_fence = stored, dict(parents or {}), patient_fence
        self.index = {name: at for at, name in enumerate(self.entries)}
        self.arrived = [
            frozenset(self.index[r.entry] for r in self.records[:count])
            for count in range(len(self.records) + 1)
        ]

    @cached_property
    def truth(self) -> list[list[tuple[str | None, ...]]]:
        """What may be shown of each entry, by number of controls and of records."""
        return [
            [
                tuple(self.permitted(controls, records, name) for name in self.entries)
                for records in range(len(self.records) + 1)
            ]
            for controls in range(len(self.controls) + 1)
        ]

    @cached_property
    def gates(self) -> list[Gate]:
        """The gate, by number of controls applied."""
        states = [Gate(-1, closed=False, entry_fences=(-1,) * len(self.entries))]
        for position, control in enumerate(self.controls):
            states.append(self._gate_after(states[-1], position, control))
        return states

    def _gate_after(self, gate: Gate, position: int, control: Control) -> Gate:
        fence, closed, fences = gate
        if control.kind in ("suspend", "resume"):
            closed = control.kind == "suspend"
        if control.kind in ABOUT_AN_ENTRY:
            fences = _replaced(fences, self.index[control.entry], position)
        if control.kind not in (LOOSENING if self.patient_fence else LOOSENING + ABOUT_AN_ENTRY):
            fence = position
        return Gate(fence, closed, fences)

    def permitted(self, controls: int, records: int, entry: str) -> str | None:
        """What may be shown of the entry under the first controls and records; None: nothing."""
        if any(self.suppressed(controls, ancestor) for ancestor in self.lineage(entry)):
            return None
        return self.alone(controls, records, entry)

    def alone(self, controls: int, records: int, entry: str) -> str | None:
        """The same by facts about the patient and this entry's own versions, whoever is hidden by a person."""
        versions = {r.version: r.content for r in self.records[:records] if r.entry == entry}
        known = self.controls[:controls]
        if not versions or self._suspended(controls) or self._forbidden(records, entry):
            return None
        hidden = {c.version for c in known if c.kind == "publisher hides" and c.entry == entry}
        if max(versions.keys() | hidden) in hidden:
            return None
        content = versions[max(versions)]
        return content + "~" if content is not None and REDACT in known else content

    def lineage(self, entry: str) -> list[str]:
        """The entry and all its ancestors."""
        found = [entry]
        while found[-1] in self.parents:
            found.append(self.parents[found[-1]])
        return found

    def suppressed(self, controls: int, entry: str) -> bool:
        """Whether a person hides or withholds this entry itself."""
        return self.hidden(controls, entry) or self.withheld(controls, entry)

    def hidden(self, controls: int, entry: str) -> bool:
        kinds = [c.kind for c in self.controls[:controls] if c.entry == entry]
        return next((kind for kind in reversed(kinds) if kind in ("hide", "show")), "") == "hide"

    def withheld(self, controls: int, entry: str) -> bool:
        return withhold(entry) in self.controls[:controls]

    def _suspended(self, controls: int) -> bool:
        kinds = (control.kind for control in reversed(self.controls[:controls]))
        return next((kind for kind in kinds if kind in ("suspend", "resume")), "") == "suspend"

    def _forbidden(self, records: int, entry: str) -> bool:
        stated: set[str] = set()
        for record in self.records[:records]:
            if record.signal.startswith("+"):
                stated.add(record.signal[1:])
            else:
                stated.discard(record.signal[1:])
        return any(entry in FORBIDDEN[signal] for signal in stated)


def _replaced(fences: tuple[int, ...], at: int, position: int) -> tuple[int, ...]:
    return (*fences[:at], position, *fences[at + 1 :])
