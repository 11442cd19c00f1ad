"""The types of a decision: what rules look at (Case), what they object (Objection), what comes out (Decision)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.values import Audience
from recordgate_streams.policy.audience import Standing
from recordgate_streams.policy.settings import PolicySettings
from recordgate_streams.policy.statements import Marks


@dataclass(frozen=True, slots=True)
class Integrity:
    """What acceptance found out about an entry: two contents of a version, a body that lies, a hint in its text."""

    conflict: bool = False
    body_mismatch: bool = False
    gone_at_source: bool = False
    text_hint: bool = False


@dataclass(frozen=True, slots=True)
class Objection:
    """One rule's reason not to release in full, the outcome it asks for and the facts it rests on.

    `conceals`: relatives of the entry must not reveal it either (docs/specification.md, section 5).
    """

    reason: Reason
    outcome: Outcome
    because: Mapping[str, str]
    drop: frozenset[ElementKind] = frozenset()
    conceals: bool = False


Objections = Iterator[Objection]


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may look at. `relatives`: what this audience must not learn through the entry's relatives."""

    entry: ClinicalEntry
    standing: Standing
    marks: Marks
    integrity: Integrity
    relatives: tuple[Objection, ...] = ()

    @property
    def is_self(self) -> bool:
        """True for the patient, False for a proxy."""
        return self.standing.is_self

    @property
    def settings(self) -> PolicySettings:
        """The ruleset's settings."""
        return self.standing.settings

    @property
    def now(self) -> datetime:
        """The moment of the decision, UTC; rules never ask a clock."""
        return self.standing.now


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one (entry version, audience), with every reason; no headline when nothing stood against it.

    `pointers`: JSON pointers of references to entries the audience is not shown; dropped like elements of `drop`.
    """

    audience: Audience
    outcome: Outcome
    objections: tuple[Objection, ...]
    ruleset: str
    pointers: tuple[str, ...] = ()

    @property
    def headline(self) -> Reason | None:
        """The first reason that asks for the outcome; of holds, an integrity one before any other."""
        asking = [o.reason for o in self.objections if o.outcome is self.outcome]
        if self.outcome is Outcome.HELD:
            asking.sort(key=lambda reason: reason not in INTEGRITY)
        return next(iter(asking), None)

    @property
    def released(self) -> bool:
        """True when the audience may see the entry, in full or with elements dropped."""
        return self.outcome in (Outcome.RELEASED, Outcome.RELEASED_REDACTED)

    @property
    def drop(self) -> frozenset[ElementKind]:
        """The kinds of elements to drop before release."""
        return frozenset[ElementKind]().union(*(o.drop for o in self.objections))


_PRECEDENCE = (
    Outcome.NOT_ELIGIBLE,
    Outcome.WITHHELD,
    Outcome.DEFERRED,
    Outcome.HELD,
    Outcome.RELEASED_REDACTED,
)


def headline_outcome(objections: tuple[Objection, ...]) -> Outcome:
    """Return what all objections together come to: the first of the precedence that any asks for."""
    if not objections:
        return Outcome.RELEASED
    if any(o.outcome is Outcome.HELD and o.reason in INTEGRITY for o in objections):
        return Outcome.HELD
    asked = {o.outcome for o in objections}
    return next((outcome for outcome in _PRECEDENCE if outcome in asked), Outcome.RELEASED)
