"""decide(): every rule is asked, every objection kept, the outcome follows by precedence.

A patient's entries are decided in three steps, so that relatives can be taken into account: `object_to` each entry for
itself, find what its relatives must not reveal (recordgate_streams.decider.cascade), then `conclude`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.decider.review import after_review
from recordgate_streams.policy.audience import Standing
from recordgate_streams.policy.decision import (
    Case,
    Decision,
    Objection,
    Objections,
    headline_outcome,
)
from recordgate_streams.policy.rules import CONTENT, STANDING, ContentRule, StandingRule

Asked = TypeVar("Asked", Case, Standing)


def decide(case: Case, ruleset: str) -> Decision:
    """Return the decision for one entry version and one audience under the ruleset of that hash."""
    return conclude(case, object_to(case, standing_objections(case.standing)), ruleset)


def standing_objections(
    standing: Standing, rules: tuple[StandingRule, ...] = STANDING
) -> tuple[Objection, ...]:
    """Return what stands against every entry of the patient, for this audience."""
    return _ask_all(rules, standing)


def object_to(
    case: Case, standing: tuple[Objection, ...], rules: tuple[ContentRule, ...] = CONTENT
) -> tuple[Objection, ...]:
    """Return what stands against the entry for itself, together with what stands against all."""
    return standing + _ask_all(rules, case)


def conclude(case: Case, objections: tuple[Objection, ...], ruleset: str) -> Decision:
    """Return the decision that follows from the objections, what relatives must not reveal, and the review."""
    standing = after_review(case, objections + case.relatives)
    return Decision(case.standing.audience, headline_outcome(standing), standing, ruleset)


def with_pointers(decision: Decision, pointers: tuple[str, ...]) -> Decision:
    """Return the decision without the references to entries that its audience is not shown."""
    if not pointers or not decision.released:
        return decision
    because = {"pointers": str(len(pointers))}
    dropped = Objection(Reason.POINTERS_DROPPED, Outcome.RELEASED_REDACTED, because)
    objections = (*decision.objections, dropped)
    return replace(
        decision, outcome=headline_outcome(objections), objections=objections, pointers=pointers
    )


def _ask_all(
    rules: tuple[Callable[[Asked], Objections], ...], about: Asked
) -> tuple[Objection, ...]:
    """Ask every rule.

    SAFETY: a rule that raises is itself an objection (ENGINE_ERROR, held): absence of an answer never releases.
    """
    found: list[Objection] = []
    for rule in rules:
        try:
            found.extend(rule(about))
        except Exception as error:  # noqa: BLE001  one of the product's few broad handlers: it holds
            because = {"rule": rule.__module__.rpartition(".")[2], "error": type(error).__name__}
            found.append(Objection(Reason.ENGINE_ERROR, Outcome.HELD, because))
    return tuple(found)
