"""The golden decision table in our words: one line an assertion, with the row's number in the domain reference."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.ledger.rows import CurrentDecision
from recordgate_streams.outcome import Verdict, for_view
from recordgate_streams.policy.decide import Rule, decide
from recordgate_streams.policy.decision import Case, Decision
from recordgate_streams.policy.rules import RULES
from tests.support.builders import NOW, RULESET, stored

RETRACTED = "RETRACTED"
NO_TASK = "NO_TASK"
MOST_RESTRICTIVE = "MOST_RESTRICTIVE"


@dataclass(frozen=True, slots=True)
class Row:
    """A golden row: `expect` in the reference's words, and every reason the decision must give, no more."""

    number: str
    who_and_when: str
    case: Callable[[], Case]
    expect: str
    reasons: tuple[Reason, ...]
    rules: tuple[Rule, ...] = RULES

    def __str__(self) -> str:
        """Name of the test."""
        return f"{self.number}: {self.who_and_when} -> {self.expect}"


def row(
    number: str,
    who_and_when: str,
    case: Callable[[], Case],
    expect: str,
    *reasons: Reason,
    rules: tuple[Rule, ...] = RULES,
) -> Row:
    """Return a line of the table."""
    return Row(number, who_and_when, case, expect, reasons, rules)


def effect(asked: Row) -> tuple[str, tuple[Reason, ...]]:
    """Return what the row's case comes to, in the words the row expects it in, and the reasons given."""
    decision = decide(asked.case(), RULESET.hash, asked.rules)
    return _said(asked, decision), tuple(dict.fromkeys(o.reason for o in decision.objections))


def _said(asked: Row, decision: Decision) -> str:
    if asked.expect == RETRACTED:
        return RETRACTED if leaves_the_view(asked.case(), decision) else decision.outcome
    if asked.expect == NO_TASK:
        return "TASK" if decision.outcome is Outcome.HELD else NO_TASK
    if asked.expect == MOST_RESTRICTIVE:
        return MOST_RESTRICTIVE if decision.outcome is Outcome.WITHHELD else decision.outcome
    return decision.outcome


def leaves_the_view(case: Case, decision: Decision) -> bool:
    """True when an entry that was released before is told to the view as retracted."""
    audience, entry = decision.audience, case.entry
    before = CurrentDecision(entry.entry_id, audience, entry.version, "RELEASED", None, b"")
    verdict = Verdict(
        stored(entry=entry), decision, 0, NOW, NOW - timedelta(minutes=1), previous=before
    )
    return type(for_view(verdict, entry.body)).__name__ == "Retract"
