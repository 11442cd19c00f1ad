"""What the decision core works on: one patient's record as values, whatever they were read from."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import orjson

from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.reasons import Outcome
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.decider.cascade import CascadeState
from recordgate_streams.decider.relative import Relative
from recordgate_streams.policy.decision import Decision, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import EntryStatements

Made = TypeVar("Made")
EntryKey = tuple[NhsNumber, EntryId]
EntryAudience = tuple[EntryId, Audience]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a record lies in its topic, and when the broker received it (UTC)."""

    partition: int
    offset: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class AcceptedEntry:
    """The newest version of an entry. `entry.body` is empty when only the envelope was loaded."""

    entry: ClinicalEntry
    integrity: Integrity
    source: Source

    @property
    def key(self) -> EntryKey:
        """What identifies the entry in the ledger."""
        return self.entry.nhs_number, self.entry.entry_id


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """A control as the broker received it. `position`: its offset. `control`: None when it could not be read.

    `counts`: False when its maker may not say it (lanes/signatures.py): then it states nothing.
    """

    received_at: datetime
    position: int
    control: Control | None
    counts: bool = True

    @property
    def effective_at(self) -> datetime:
        """When the control counts from: never later than the broker received it."""
        return (
            min(self.control.effective_at, self.received_at) if self.control else self.received_at
        )


@dataclass(frozen=True, slots=True)
class CurrentDecision:
    """The decision in force for one entry and one audience.

    `digest`: equal exactly when nobody has to be informed of a new decision. `released_under`: the other ruleset under
    which this version was released that the ruleset of this decision holds.
    """

    version: int
    outcome: Outcome
    headline: str | None
    digest: bytes
    ruleset: str
    released_under: str | None = None

    @property
    def released(self) -> bool:
        """True when the audience is shown the entry."""
        return self.outcome in (Outcome.RELEASED, Outcome.RELEASED_REDACTED)


@dataclass(frozen=True, slots=True)
class DecisionUpdate:
    """A new decision about an accepted entry, beside the one in force. A release is valid until `valid_until`."""

    accepted: AcceptedEntry
    decision: Decision
    previous: CurrentDecision | None
    valid_until: datetime | None
    released_under: str | None
    digest: bytes = field(init=False)
    """Sixteen bytes over everything about the decision that its readers can see."""

    def __post_init__(self) -> None:
        """Make the digest once: it is compared, stored and published."""
        object.__setattr__(self, "digest", self._digest())

    def _digest(self) -> bytes:
        entry, decision = self.accepted.entry, self.decision
        visible = [
            entry.version,
            entry.body_sha256.hex(),
            decision.outcome,
            sorted({o.reason for o in decision.objections}),
            sorted(decision.drop),
            decision.pointers,
            self.valid_until,
        ]
        return hashlib.sha256(orjson.dumps(visible)).digest()[:16]

    @property
    def changed(self) -> bool:
        """True when somebody has to be informed."""
        return self.previous is None or self.previous.digest != self.digest

    @property
    def turned(self) -> bool:
        """True when the audience is shown the entry and was not, or the other way round."""
        was_released = self.previous is not None and self.previous.released
        return self.decision.released != was_released

    def in_force(self) -> CurrentDecision:
        """Return the decision as the one in force."""
        return CurrentDecision(
            self.accepted.entry.version,
            self.decision.outcome,
            self.decision.headline and self.decision.headline.value,
            self.digest,
            self.decision.ruleset,
            self.released_under,
        )


class Once(Generic[Made]):
    """A function without arguments that is called when first asked for, and then no more."""

    __slots__ = ("_found", "_make")

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make: Callable[[], Made] | None = make
        self._found: Made

    def __call__(self) -> Made:
        """Return what the function gave."""
        if self._make is not None:
            self._found, self._make = self._make(), None
        return self._found


def _no_relatives() -> Iterable[Relative]:
    return ()


@dataclass(frozen=True, slots=True)
class RecordRest:
    """What is known of a patient's entries that are not in hand. Empty when the whole record is in hand.

    `cascade`: as the last decisions left it, by audience. `relatives`: reads the links of all entries of the patient;
    called only when one of them matters. `released`: which of the entries referred to are shown, and to whom.
    `unfinished`: entries whose readiness may say something about others.
    """

    cascade: Mapping[Audience, CascadeState] = field(default_factory=dict)
    relatives: Callable[[], Iterable[Relative]] = _no_relatives
    released: frozenset[EntryAudience] = frozenset()
    unfinished: frozenset[EntryId] = frozenset()


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """Everything that one patient's decisions look at.

    `entries`: those to decide. `statements`: by entry, arrived or not. `in_force`: the decisions about these entries.
    """

    facts: Facts
    entries: Mapping[EntryId, AcceptedEntry]
    statements: Mapping[EntryId, EntryStatements]
    in_force: Mapping[EntryAudience, CurrentDecision] = field(default_factory=dict)
    rest: RecordRest = field(default_factory=RecordRest)
