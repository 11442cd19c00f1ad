"""From rules to a decision about one entry: every rule is asked, every objection kept, the outcome by precedence."""

from collections.abc import Callable, Container
from dataclasses import replace
from typing import TypeVar

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.review import after_review
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import (
    Decision,
    EntryContext,
    Objection,
    Objections,
    headline_outcome,
)
from recordgate_streams.policy.rules import AUDIENCE_RULES, ENTRY_RULES, AudienceRule, EntryRule

Asked = TypeVar("Asked", EntryContext, AudienceContext)


def audience_objections(
    audience: AudienceContext, rules: tuple[AudienceRule, ...] = AUDIENCE_RULES
) -> tuple[Objection, ...]:
    """Return the objections to every entry of the patient, for this audience."""
    return _ask_all(rules, audience)


def entry_objections(
    context: EntryContext, rules: tuple[EntryRule, ...] = ENTRY_RULES
) -> tuple[Objection, ...]:
    """Return the objections to this entry for reasons of its own."""
    return _ask_all(rules, context)


def conclude(context: EntryContext, objections: tuple[Objection, ...], ruleset: str) -> Decision:
    """Return the decision that follows from all objections and from the review in force."""
    surviving = after_review(context, objections)
    return Decision(context.audience.name, headline_outcome(surviving), surviving, ruleset)


def without_hidden_references(
    decision: Decision, entry: ClinicalEntry, shown: Container[EntryId | None]
) -> Decision:
    """Return the decision that also drops the body's references to entries its audience is not shown.

    `shown`: ids of the entries that the audience sees. References go whole, as if they had never been there.
    """
    pointers = hidden_references(entry, shown) if decision.released else ()
    if not pointers:
        return decision
    because = {"pointers": str(len(pointers))}
    dropped = Objection(Reason.POINTERS_DROPPED, Outcome.RELEASED_REDACTED, because)
    objections = (*decision.objections, dropped)
    outcome = headline_outcome(objections)
    return replace(decision, outcome=outcome, objections=objections, pointers=pointers)


def hidden_references(entry: ClinicalEntry, shown: Container[EntryId | None]) -> tuple[str, ...]:
    """Return the JSON pointers of the body's references to other entries that are not in `shown`."""
    return tuple(
        element.pointer
        for element in entry.elements
        if element.entry_id is not None
        and element.entry_id != entry.entry_id
        and element.entry_id not in shown
    )


def after_rule_change(decision: Decision, *, released_under: str | None) -> Decision:
    """Return the decision with RULE_CHANGE added when it holds what another ruleset released (golden row 99).

    `released_under`: hash of the ruleset under which the audience was last shown the entry; None if it never was.
    """
    if (
        released_under is None
        or released_under == decision.ruleset
        or decision.outcome is not Outcome.HELD
    ):
        return decision
    because = {"released_under": released_under}
    changed = Objection(Reason.RULE_CHANGE, Outcome.HELD, because)
    return replace(decision, objections=(*decision.objections, changed))


def _ask_all(
    rules: tuple[Callable[[Asked], Objections], ...], about: Asked
) -> tuple[Objection, ...]:
    """Ask every rule.

    SAFETY: a rule that raises is itself an objection (ENGINE_ERROR, held): the absence of an answer never releases.
    """
    found: list[Objection] = []
    for rule in rules:
        try:
            found.extend(rule(about))
        except Exception as error:  # noqa: BLE001  one of the product's few broad handlers: it holds
            because = {"rule": rule.__module__.rpartition(".")[2], "error": type(error).__name__}
            found.append(Objection(Reason.ENGINE_ERROR, Outcome.HELD, because))
    return tuple(found)
