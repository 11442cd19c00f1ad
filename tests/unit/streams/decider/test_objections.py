"""From rules to a decision: absence never releases, precedence, hidden references, changes of the rules."""

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_schemas.entry import Element, ElementKind, Kind, Marker, ThirdParty
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.objections import (
    after_rule_change,
    audience_objections,
    conclude,
    entry_objections,
    without_hidden_references,
)
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import Decision, EntryContext, Objection, Objections
from recordgate_streams.policy.rules import AUDIENCE_RULES, ENTRY_RULES, EntryRule
from tests.support.builders import RULESET, case, decide, entry, label

ORDER = (
    Outcome.NOT_ELIGIBLE,
    Outcome.WITHHELD,
    Outcome.DEFERRED,
    Outcome.HELD,
    Outcome.RELEASED_REDACTED,
)


def broken(_: EntryContext) -> Objections:
    raise RuntimeError("nhs number 9990000018 in the message")


def broken_for_all(_: AudienceContext) -> Objections:
    raise RuntimeError("nhs number 9990000018 in the message")


def objecting(outcome: Outcome, reason: Reason = Reason.LEVEL) -> EntryRule:
    def rule(_: EntryContext) -> Objections:
        yield Objection(reason, outcome, {})

    return rule


def decide_by(rules: tuple[EntryRule, ...], context: EntryContext) -> Decision:
    """The decision when these rules are asked about the entry."""
    objections = audience_objections(context.audience) + entry_objections(context, rules)
    return conclude(context, objections, RULESET.hash)


@pytest.mark.parametrize("position", range(len(ENTRY_RULES) + 1))
def test_a_rule_that_raises_holds_the_entry_wherever_it_is_in_the_list(position: int) -> None:
    decision = decide_by((*ENTRY_RULES[:position], broken, *ENTRY_RULES[position:]), case())
    assert (decision.outcome, decision.headline) == (Outcome.HELD, Reason.ENGINE_ERROR)
    assert decision.objections[0].because == {"rule": "test_objections", "error": "RuntimeError"}


def test_an_audience_rule_that_raises_holds_every_entry() -> None:
    (against_all,) = audience_objections(case().audience, (*AUDIENCE_RULES, broken_for_all))
    assert (against_all.outcome, against_all.reason) == (Outcome.HELD, Reason.ENGINE_ERROR)
    assert against_all.because == {"rule": "test_objections", "error": "RuntimeError"}


def test_a_rule_that_answers_nothing_at_all_holds_the_entry() -> None:
    silent: Any = lambda _: None  # noqa: E731
    assert decide_by((silent,), case()).outcome is Outcome.HELD


def test_a_failing_rule_does_not_silence_the_others() -> None:
    held = entry(third_party=ThirdParty.PRESENT, markers=(Marker.COURT,))
    decision = decide_by((*ENTRY_RULES, broken), case(entry=held))
    reasons = {o.reason for o in decision.objections}
    assert reasons == {Reason.THIRD_PARTY, Reason.COURT, Reason.ENGINE_ERROR}
    assert decision.headline is Reason.ENGINE_ERROR


def test_every_rule_is_asked_even_after_an_objection() -> None:
    asked = []

    def listening(name: int) -> EntryRule:
        def rule(_: EntryContext) -> Objections:
            asked.append(name)
            yield Objection(Reason.DECEASED, Outcome.NOT_ELIGIBLE, {})

        return rule

    decide_by((listening(1), listening(2), listening(3)), case())
    assert asked == [1, 2, 3]


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations_with_replacement(ORDER, 2)))
def test_of_two_outcomes_the_stronger_is_the_headline(stronger: Outcome, weaker: Outcome) -> None:
    for rules in (
        (objecting(stronger), objecting(weaker)),
        (objecting(weaker), objecting(stronger)),
    ):
        assert decide_by(rules, case()).outcome is stronger


@pytest.mark.parametrize("reason", sorted(INTEGRITY))
@pytest.mark.parametrize("other", ORDER)
def test_an_integrity_hold_outranks(reason: Reason, other: Outcome) -> None:
    rules = (objecting(other), objecting(Outcome.HELD, reason))
    decision = decide_by(rules, case())
    assert (decision.outcome, decision.headline) == (Outcome.HELD, reason)


def test_without_any_objection_the_entry_is_released_in_full() -> None:
    decision = decide(case())
    assert (decision.outcome, decision.headline) == (Outcome.RELEASED, None)
    assert decision.drop == frozenset()


@given(st.permutations(ENTRY_RULES), st.sampled_from([*Kind]), st.sampled_from([*Marker]))
def test_the_order_of_rules_does_not_matter(
    rules: list[EntryRule], kind: Kind, marker: Marker
) -> None:
    context = case(entry=entry(kind=kind, markers=(marker,), labels=label("V")))
    assert decide_by(tuple(rules), context).outcome is decide(context).outcome


NEW, OLD = "rules-new", "rules-old"
HELD = decide(case(entry=entry(third_party=ThirdParty.PRESENT)), NEW)
RELEASED = decide(case(), NEW)
WITHHELD = decide(case(entry=entry(labels=label("NOPAT"))), NEW)


def test_a_rule_change_is_noted_when_this_ruleset_holds_what_another_released() -> None:
    changed = after_rule_change(HELD, released_under=OLD)
    assert [o.reason for o in changed.objections] == [Reason.THIRD_PARTY, Reason.RULE_CHANGE]
    assert changed.objections[-1].because == {"released_under": OLD}
    assert (changed.outcome, changed.headline) == (Outcome.HELD, Reason.THIRD_PARTY)


@pytest.mark.parametrize(
    ("decision", "released_under"),
    [(HELD, None), (HELD, NEW), (RELEASED, OLD), (WITHHELD, OLD)],
    ids=["never released", "released under these rules", "still released", "withheld"],
)
def test_no_rule_change_is_noted_otherwise(decision: Decision, released_under: str | None) -> None:
    assert after_rule_change(decision, released_under=released_under) is decision


def test_a_rule_change_is_noted_the_same_each_time_it_is_decided() -> None:
    once = after_rule_change(HELD, released_under=OLD)
    assert after_rule_change(replace(HELD), released_under=OLD) == once


TARGETS = (
    Element(ElementKind.CHILD, "/a", EntryId("one")),
    Element(ElementKind.CHILD, "/b", EntryId("other")),
    Element(ElementKind.CHILD, "/c", entry().entry_id),
    Element(ElementKind.FREE_TEXT, "/note"),
)


def test_references_to_entries_that_are_not_shown_are_dropped_and_counted() -> None:
    referring = entry(elements=TARGETS)
    decision = without_hidden_references(decide(case()), referring, set())
    (dropped,) = decision.objections
    assert (dropped.reason, dropped.because) == (Reason.POINTERS_DROPPED, {"pointers": "2"})
    assert decision.pointers == ("/a", "/b")
    assert decision.outcome is Outcome.RELEASED_REDACTED


def test_a_reference_to_an_entry_that_is_shown_stays() -> None:
    decision = without_hidden_references(
        decide(case()), entry(elements=TARGETS), {EntryId("other")}
    )
    assert decision.pointers == ("/a",)


@pytest.mark.parametrize("shown", [set(), {EntryId("one"), EntryId("other")}])
def test_nothing_is_dropped_of_an_entry_that_is_not_released_or_refers_to_nothing_hidden(
    shown: set[EntryId | None],
) -> None:
    decision = decide(case()) if shown else HELD
    assert without_hidden_references(decision, entry(elements=TARGETS), shown) is decision
