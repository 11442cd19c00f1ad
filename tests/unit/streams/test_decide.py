"""Properties of the decision as a whole: absence never releases, precedence, what a review can lift."""

from datetime import date
from itertools import combinations_with_replacement
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_schemas.control import Level, ReviewAction
from recordgate_schemas.entry import Element, ElementKind, Kind, Marker, ThirdParty
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_streams.decider.decide import (
    conclude,
    decide,
    object_to,
    standing_objections,
)
from recordgate_streams.policy.audience import Standing
from recordgate_streams.policy.decision import Case, Decision, Integrity, Objection, Objections
from recordgate_streams.policy.rules import CONTENT, STANDING, ContentRule
from tests.support.builders import (
    RULESET,
    access,
    case,
    entry,
    facts,
    historic,
    label,
    marks,
    reviewed,
)

ORDER = (
    Outcome.NOT_ELIGIBLE,
    Outcome.WITHHELD,
    Outcome.DEFERRED,
    Outcome.HELD,
    Outcome.RELEASED_REDACTED,
)
TWO_HOLDS = {"third_party": ThirdParty.PRESENT, "markers": (Marker.COURT,)}


def broken(_: Case) -> Objections:
    raise RuntimeError("nhs number 9990000018 in the message")


def broken_for_all(_: Standing) -> Objections:
    raise RuntimeError("nhs number 9990000018 in the message")


def objecting(outcome: Outcome, reason: Reason = Reason.LEVEL) -> ContentRule:
    def rule(_: Case) -> Objections:
        yield Objection(reason, outcome, {})

    return rule


def decided(asked: Case, rules: tuple[ContentRule, ...] = CONTENT) -> Decision:
    against_all = standing_objections(asked.standing)
    return conclude(asked, object_to(asked, against_all, rules), RULESET.hash)


def outcome(asked: Case, rules: tuple[ContentRule, ...] = CONTENT) -> Outcome:
    return decided(asked, rules).outcome


@pytest.mark.parametrize("position", range(len(CONTENT) + 1))
def test_a_rule_that_raises_holds_the_entry_wherever_it_stands(position: int) -> None:
    decision = decided(case(), (*CONTENT[:position], broken, *CONTENT[position:]))
    assert (decision.outcome, decision.headline) == (Outcome.HELD, Reason.ENGINE_ERROR)
    assert decision.objections[0].because == {"rule": "test_decide", "error": "RuntimeError"}


def test_a_rule_of_standing_that_raises_holds_every_entry() -> None:
    (against_all,) = standing_objections(case().standing, (*STANDING, broken_for_all))
    assert (against_all.outcome, against_all.reason) == (Outcome.HELD, Reason.ENGINE_ERROR)
    assert against_all.because == {"rule": "test_decide", "error": "RuntimeError"}


def test_a_rule_that_answers_nothing_at_all_holds_the_entry() -> None:
    silent: Any = lambda _: None  # noqa: E731
    assert Outcome.HELD is outcome(case(), (silent,))


def test_a_failing_rule_does_not_silence_the_others() -> None:
    decision = decided(case(entry=entry(**TWO_HOLDS)), (*CONTENT, broken))
    told = {o.reason for o in decision.objections}
    assert {Reason.THIRD_PARTY, Reason.COURT, Reason.ENGINE_ERROR} == told
    assert Reason.ENGINE_ERROR is decision.headline


def test_every_rule_is_asked_even_after_an_objection() -> None:
    asked = []

    def listening(name: int) -> ContentRule:
        def rule(_: Case) -> Objections:
            asked.append(name)
            yield Objection(Reason.DECEASED, Outcome.NOT_ELIGIBLE, {})

        return rule

    outcome(case(), (listening(1), listening(2), listening(3)))
    assert asked == [1, 2, 3]


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations_with_replacement(ORDER, 2)))
def test_of_two_outcomes_the_stronger_is_the_headline(stronger: Outcome, weaker: Outcome) -> None:
    for rules in (
        (objecting(stronger), objecting(weaker)),
        (objecting(weaker), objecting(stronger)),
    ):
        assert stronger is outcome(case(), rules)


@pytest.mark.parametrize("reason", sorted(INTEGRITY))
@pytest.mark.parametrize("other", ORDER)
def test_an_integrity_hold_outranks(reason: Reason, other: Outcome) -> None:
    rules = (objecting(other), objecting(Outcome.HELD, reason))
    decision = decided(case(), rules)
    assert (Outcome.HELD, reason) == (decision.outcome, decision.headline)


def test_without_any_objection_the_entry_is_released_in_full() -> None:
    decision = decide(case(), RULESET.hash)
    assert (Outcome.RELEASED, None, frozenset()) == (
        decision.outcome,
        decision.headline,
        decision.drop,
    )


@given(st.permutations(CONTENT), st.sampled_from([*Kind]), st.sampled_from([*Marker]))
def test_the_order_of_rules_does_not_matter(
    rules: list[ContentRule], kind: Kind, marker: Marker
) -> None:
    asked = case(entry=entry(kind=kind, markers=(marker,), labels=label("V")))
    assert outcome(asked) is outcome(asked, tuple(rules))


REVIEWS = [
    # the reviewer                       said                                   becomes
    ("saw both holds", reviewed("THIRD_PARTY", "COURT"), Outcome.RELEASED),
    ("saw more than is left", reviewed("THIRD_PARTY", "COURT", "CONF"), Outcome.RELEASED),
    ("saw only one of two holds", reviewed("COURT"), Outcome.HELD),
    ("saw none", reviewed(), Outcome.HELD),
    ("saw another version", reviewed("THIRD_PARTY", "COURT", entry_version=2), Outcome.HELD),
    ("saw another body", reviewed("THIRD_PARTY", "COURT", body_sha256=b"x"), Outcome.HELD),
    ("spoke of a proxy", reviewed("THIRD_PARTY", "COURT", audience="proxy:g"), Outcome.HELD),
    ("withheld", reviewed("COURT", action=ReviewAction.WITHHOLD), Outcome.WITHHELD),
    (
        "withheld another version",
        reviewed("COURT", action=ReviewAction.WITHHOLD, entry_version=2),
        Outcome.HELD,
    ),
]


@pytest.mark.parametrize(("said", "becomes"), [r[1:] for r in REVIEWS], ids=[r[0] for r in REVIEWS])
def test_a_held_entry_whose_reviewer(said: Any, becomes: Outcome) -> None:
    assert becomes is outcome(case(entry=entry(**TWO_HOLDS), marks=marks(said)))


@pytest.mark.parametrize("integrity", [Integrity(conflict=True), Integrity(body_mismatch=True)])
def test_a_review_never_lifts_an_integrity_hold(integrity: Integrity) -> None:
    said = reviewed(*(reason.value for reason in Reason))
    assert Outcome.HELD is outcome(case(integrity=integrity, marks=marks(said)))


ALL_SEEN = reviewed(*(reason.value for reason in Reason))
DETAILED = {"facts": facts(level=access(Level.DETAILED))}
NONE = {"facts": facts(level=access(Level.NONE))}
NOTE = (Element(ElementKind.FREE_TEXT, "/note"),)
STILL_BOUND = [
    ("unknown kind at level none", {"kind": Kind.UNKNOWN}, NONE, Outcome.NOT_ELIGIBLE),
    ("access code at level none", {"kind": Kind.ACCESS_CODE}, NONE, Outcome.NOT_ELIGIBLE),
    ("no date at level none", {"recorded_at": None}, NONE, Outcome.NOT_ELIGIBLE),
    ("unknown kind at detailed", {"kind": Kind.UNKNOWN}, DETAILED, Outcome.NOT_ELIGIBLE),
    (
        "no date and free text at detailed",
        {"recorded_at": None, "elements": NOTE},
        DETAILED,
        Outcome.RELEASED_REDACTED,
    ),
    ("unknown kind at full", {"kind": Kind.UNKNOWN}, {}, Outcome.RELEASED),
]


@pytest.mark.parametrize(
    ("fields", "world", "becomes"), [s[1:] for s in STILL_BOUND], ids=[s[0] for s in STILL_BOUND]
)
def test_a_review_of_what_is_held_opens_no_more_than_the_patients_level(
    fields: Any, world: Any, becomes: Outcome
) -> None:
    assert becomes is outcome(case(entry=entry(**fields), marks=marks(ALL_SEEN), **world))


@pytest.mark.parametrize(("checked", "becomes"), [(True, Outcome.RELEASED), (False, Outcome.HELD)])
def test_historic_access_opens_a_backdated_entry_only_when_the_record_was_checked(
    becomes: Outcome, *, checked: bool
) -> None:
    backdated = entry(event_date=date(1998, 3, 1))
    world = facts(level=access(historic=historic(checked=checked)))
    assert becomes is outcome(case(entry=backdated, facts=world))


def test_a_decision_says_who_decided_and_under_which_rules() -> None:
    decision = decide(case(entry=entry(**TWO_HOLDS), marks=marks(ALL_SEEN)), RULESET.hash)
    assert (RULESET.hash, Reason.REVIEWED) == (decision.ruleset, decision.headline)
    assert dict(decision.objections[0].because) == {
        "reviewed_at": "2025-06-03T08:00:00+00:00",
        "ground": "checked",
    }
