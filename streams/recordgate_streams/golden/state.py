"""What is known after a case was run: the same picture whether decided in memory or read from a running product."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from recordgate_schemas.entry import ElementKind
from recordgate_schemas.messages import TaskKind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, Audience, EntryId
from recordgate_streams.decider.routing import Route
from recordgate_streams.golden.cases import Case

Key = tuple[EntryId, Audience]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision in force. `identity`: equal exactly when nothing was decided anew."""

    outcome: Outcome
    reasons: frozenset[Reason]
    identity: object


@dataclass(frozen=True, slots=True)
class Shown:
    """What an audience sees of an entry: which version, and without which kinds of elements."""

    version: int
    dropped: frozenset[ElementKind]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Work that is open. `entry_id`: empty when it is about a patient or a grant."""

    reason: Reason
    audience: Audience
    entry_id: str
    kind: TaskKind


@dataclass(frozen=True, slots=True)
class State:
    """Decisions, what is visible, holds, tasks, and what is kept for ever.

    `history`: every outcome there ever was, oldest first. `tombstones`: what was taken back and is still known.
    `quarantined`: a record of the case could not be understood. `approval_above`: the share of released entries that
    a change of rules may take away without approval.
    """

    decisions: Mapping[Key, Decided]
    visible: Mapping[Key, Shown]
    holds: Mapping[Key, Route]
    tasks: frozenset[OpenTask]
    history: Mapping[Key, tuple[Outcome, ...]]
    tombstones: frozenset[Key]
    approval_above: float
    quarantined: bool = field(default=False)

    def looked_at(self, case: Case) -> list[Key]:
        """Return the entries and audiences a case looks at."""
        return [
            key
            for key in sorted(self.decisions)
            if (key[1] != SELF) is case.is_proxys and case.of in (key[0], "all")
        ]
