"""The types of a decision: EntryContext (what a rule looks at), Objection (what it answers), Decision (the result)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.values import Audience
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.settings import PolicySettings
from recordgate_streams.policy.statements import EntryStatements


@dataclass(frozen=True, slots=True)
class Integrity:
    """What acceptance found wrong with an entry.

    `conflict`: one version arrived with two contents. `body_mismatch`: the body is not what the envelope describes.
    `gone_at_source`: a newer snapshot of its system does not list it. `text_hint`: its text has a hint phrase.
    """

    conflict: bool = False
    body_mismatch: bool = False
    gone_at_source: bool = False
    text_hint: bool = False


@dataclass(frozen=True, slots=True)
class Objection:
    """One rule's reason not to release in full, the outcome it asks for and the facts it rests on.

    `suppresses`: relatives of the entry must not reveal it either (docs/specification.md, section 5).
    """

    reason: Reason
    outcome: Outcome
    because: Mapping[str, str]
    drop: frozenset[ElementKind] = frozenset()
    suppresses: bool = False


Objections = Iterator[Objection]


@dataclass(frozen=True, slots=True)
class EntryContext:
    """Everything a rule may look at for one entry and one audience."""

    entry: ClinicalEntry
    audience: AudienceContext
    statements: EntryStatements
    integrity: Integrity

    @property
    def is_self(self) -> bool:
        """True for the patient, False for a proxy."""
        return self.audience.is_self

    @property
    def settings(self) -> PolicySettings:
        """The ruleset's settings."""
        return self.audience.settings

    @property
    def now(self) -> datetime:
        """The moment of the decision, UTC; rules never ask a clock."""
        return self.audience.now


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
