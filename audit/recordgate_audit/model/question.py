"""Section 3: what every rule is asked about, and what it may answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from recordgate_audit.model.days import day
from recordgate_audit.model.facts import Facts, Grant
from recordgate_audit.model.history import Change, Entry

NOT_ELIGIBLE = "NOT_ELIGIBLE"
WITHHELD = "WITHHELD"
DEFERRED = "DEFERRED"
HELD = "HELD"
RELEASED_REDACTED = "RELEASED_REDACTED"
RELEASED = "RELEASED"


class Asked(NamedTuple):
    """A reason, the outcome it asks for, whether it suppresses, and the kinds of elements that a review leaves out."""

    reason: str
    outcome: str
    suppresses: bool = False
    leaves_out: frozenset[str] = frozenset()


Answers = Iterator[Asked]


@dataclass(frozen=True, slots=True)
class Question:
    """May this audience see this entry? `grant` is None for the patient."""

    entry: Entry
    grant: Grant | None
    facts: Facts
    ruleset: Mapping[str, Any]
    now: datetime

    @property
    def is_self(self) -> bool:
        """Whether the patient asks."""
        return self.grant is None

    @property
    def today(self) -> date:
        """The London day of now."""
        return day(self.now)

    @property
    def access(self) -> Change | None:
        """What is known of the patient's access at the current practice."""
        if self.facts.current is None:
            return None
        return self.facts.accesses.get(self.facts.current.practice)

    @property
    def permission(self) -> Change | None:
        """What carries the audience's level and history: the patient's access, or the grant."""
        return self.access if self.grant is None else self.grant.change

    def switch(self, name: str) -> Any:
        """Return a switch of the ruleset."""
        return self.ruleset["switches"][name]

    def number(self, name: str) -> int:
        """Return a number of the ruleset."""
        return int(self.ruleset["numbers"][name])
