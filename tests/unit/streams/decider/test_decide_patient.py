"""decide_patient: what follows from decisions about the entries in hand, beside those in force."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    AccessReviewCoded,
    HideCause,
    ReviewCode,
    SensitivityFlagged,
)
from recordgate_schemas.entry import (
    Coding,
    Element,
    ElementKind,
    Link,
    Marker,
    Relation,
    ThirdParty,
)
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, EntryId
from recordgate_streams.decider.decide import PatientDecision, decide_patient
from recordgate_streams.decider.record import (
    AcceptedEntry,
    CurrentDecision,
    DecisionUpdate,
    EntryAudience,
    PatientRecord,
    RecordRest,
)
from recordgate_streams.decider.relative import Relative, relative_of
from recordgate_streams.decider.tasks import Task
from recordgate_streams.policy.facts import Facts, PatientSignal
from recordgate_streams.policy.settings import Signal
from recordgate_streams.policy.statements import EntryStatements
from recordgate_streams.ruleset import Ruleset
from tests.support.builders import (
    GRANT,
    NOW,
    PARTNER,
    RULESET,
    accepted,
    entry,
    facts,
    granted,
    hidden,
    registered,
    reviewed,
    statements,
)

E0 = entry().entry_id
HELD: Any = {"third_party": ThirdParty.PRESENT}
FORMER = "former-ruleset"


def decide(
    *entries: AcceptedEntry,
    known: Facts | None = None,
    stated: Mapping[EntryId, EntryStatements] | None = None,
    in_force: Mapping[EntryAudience, CurrentDecision] | None = None,
    rest: RecordRest | None = None,
    ruleset: Ruleset = RULESET,
) -> PatientDecision:
    """P0's decision with these entries in hand, E0 if none is named."""
    by_id = {one.entry.entry_id: one for one in entries or (accepted(),)}
    record = PatientRecord(
        facts() if known is None else known,
        by_id,
        stated or {},
        in_force or {},
        rest or RecordRest(),
    )
    return decide_patient(record, ruleset, NOW)


def about_e0(decided: PatientDecision) -> DecisionUpdate:
    return decided.updates[E0, SELF]


def again(before: PatientDecision, *entries: AcceptedEntry, **parts: Any) -> PatientDecision:
    """Decided beside the decisions that were made before."""
    in_force = {place: update.in_force() for place, update in before.updates.items()}
    return decide(*entries, in_force=in_force, **parts)


def released_by(ruleset: str, version: int = 1) -> Mapping[EntryAudience, CurrentDecision]:
    return {(E0, SELF): CurrentDecision(version, Outcome.RELEASED, None, b"", ruleset)}


def reasons(decided: PatientDecision) -> list[Reason]:
    return [o.reason for o in about_e0(decided).decision.objections]


def test_a_first_decision_is_a_change_and_turns_only_what_is_released() -> None:
    released, held = decide(), decide(accepted(entry(**HELD)))
    assert about_e0(released).changed
    assert about_e0(held).changed
    assert released.turned == {E0}
    assert not held.turned


def test_the_same_decision_again_is_no_change() -> None:
    same = again(decide())
    assert not about_e0(same).changed
    assert not same.turned


def test_the_same_outcome_for_another_version_is_a_change_but_turns_nothing() -> None:
    amended = again(decide(), accepted(entry(version=2)))
    assert about_e0(amended).changed
    assert not amended.turned


def test_an_entry_that_appears_or_vanishes_for_its_audience_turns() -> None:
    held = again(decide(), accepted(entry(**HELD)))
    assert held.turned == {E0}
    assert again(held).turned == {E0}


def test_a_ruleset_that_holds_what_another_released_notes_the_rule_change() -> None:
    held = decide(accepted(entry(**HELD)), in_force=released_by(FORMER))
    assert reasons(held) == [Reason.THIRD_PARTY, Reason.RULE_CHANGE]
    assert about_e0(held).released_under == FORMER
    assert Task(Reason.RULE_CHANGE, SELF, E0) in held.tasks


def test_a_ruleset_that_holds_what_it_released_itself_notes_no_rule_change() -> None:
    held = decide(accepted(entry(**HELD)), in_force=released_by(RULESET.hash))
    assert reasons(held) == [Reason.THIRD_PARTY]
    assert about_e0(held).released_under is None


def test_a_rule_change_is_remembered_while_the_entry_is_held() -> None:
    held = decide(accepted(entry(**HELD)), in_force=released_by(FORMER))
    still = again(again(held, accepted(entry(**HELD))), accepted(entry(**HELD)))
    assert reasons(still) == [Reason.THIRD_PARTY, Reason.RULE_CHANGE]
    assert not about_e0(still).changed


def test_a_rule_change_is_forgotten_on_a_new_version() -> None:
    amended = accepted(entry(version=2, **HELD))
    held = decide(accepted(entry(**HELD)), in_force=released_by(FORMER))
    for decided in (again(held, amended), decide(amended, in_force=released_by(FORMER))):
        assert reasons(decided) == [Reason.THIRD_PARTY]
        assert about_e0(decided).released_under is None


def test_a_rule_change_is_forgotten_once_this_ruleset_released_the_entry() -> None:
    held = decide(accepted(entry(**HELD)), in_force=released_by(FORMER))
    review = {E0: statements(reviewed("THIRD_PARTY", "RULE_CHANGE"))}
    released = again(held, accepted(entry(**HELD)), stated=review)
    assert about_e0(released).decision.released
    assert reasons(again(released, accepted(entry(**HELD)))) == [Reason.THIRD_PARTY]


def test_only_a_release_has_an_end_of_validity() -> None:
    known = facts((granted(until=date(2025, 7, 1)), NOW))
    released = decide(known=known).updates[E0, PARTNER]
    held = decide(accepted(entry(**HELD)), known=known).updates[E0, PARTNER]
    assert released.valid_until == datetime(2025, 7, 1, 23, tzinfo=UTC)
    assert held.valid_until is None
    assert decide(known=known).updates[E0, SELF].valid_until is None


TURNS_16 = datetime(2025, 12, 10, tzinfo=UTC)
CHILD = registered(birth_date=TURNS_16.date().replace(year=2009))
THREE_DAYS = replace(
    RULESET,
    settings=replace(
        RULESET.settings, numbers=replace(RULESET.settings.numbers, abnormal_delay_days=3)
    ),
)
DELAYED = accepted(entry(markers=(Marker.ABNORMAL,), available_at=NOW))
GRANT_TO_THE_END_OF_JUNE = facts((granted(until=date(2025, 6, 30)), NOW), registration=CHILD)


@pytest.mark.parametrize(
    ("in_hand", "known", "at"),
    [
        (accepted(), facts(), None),
        (DELAYED, facts(), NOW + timedelta(days=3)),
        (accepted(), facts(registration=CHILD), TURNS_16),
        (DELAYED, facts(registration=CHILD), NOW + timedelta(days=3)),
        (accepted(entry(recorded_at=TURNS_16 + timedelta(days=1))), facts(registration=CHILD), TURNS_16),
        (accepted(), GRANT_TO_THE_END_OF_JUNE, datetime(2025, 6, 30, 23, tzinfo=UTC)),
    ],
    ids=["none", "entry", "patient", "entry before patient", "patient before entry", "grant"],
)  # fmt: skip
def test_decisions_may_change_at_the_earliest_instant_of_any_audience_or_entry(
    in_hand: AcceptedEntry, known: Facts, at: datetime | None
) -> None:
    assert decide(in_hand, known=known, ruleset=THREE_DAYS).changes_at == at


def test_the_tasks_of_an_unregistered_patient_wait_but_those_of_entries_do_not() -> None:
    flagged = SensitivityFlagged(flagged=True), AccessReviewCoded(ReviewCode.NEEDED_104)
    of_patient = {Task(Reason.S_FLAG, SELF), Task(Reason.ACCESS_REVIEW, SELF)}
    of_entry = {Task(Reason.WRONG_PATIENT, SELF, E0)}
    stated = {E0: statements(hidden(HideCause.WRONG_PATIENT))}
    unregistered = decide(known=facts(*flagged, registration=None), stated=stated)
    assert unregistered.tasks == of_entry
    assert decide(known=facts(*flagged), stated=stated).tasks == of_patient | of_entry


def test_a_reason_for_which_the_ruleset_asks_nobody_gives_no_task() -> None:
    texts = RULESET.reasons
    silent = {Reason.S_FLAG: texts[Reason.S_FLAG].model_copy(update={"task_name": ""})}
    ruleset = replace(RULESET, reasons=replace(texts, by_reason={**texts.by_reason, **silent}))
    flagged = facts(SensitivityFlagged(flagged=True))
    assert decide(known=flagged, ruleset=ruleset).tasks == frozenset()


def coded(*codes: str, version: int = 1) -> AcceptedEntry:
    return accepted(entry(version=version, codes=tuple(Coding("any", code) for code in codes)))


CODED = replace(
    RULESET,
    settings=replace(RULESET.settings, codes={}, signals={"no": frozenset({Signal.DECLINED})}),
)


def test_a_code_about_the_patient_changes_the_facts_and_every_decision_at_once() -> None:
    decided = decide(coded("no"), ruleset=CODED)
    assert [one.signal for one in decided.facts.signals] == [Signal.DECLINED]
    assert Reason.DECLINED in reasons(decided)
    amended = decide(coded(version=2), known=decided.facts, ruleset=CODED)
    assert (amended.facts, reasons(amended)) == (facts(), [])


def test_signals_of_entries_not_in_hand_stay() -> None:
    elsewhere = PatientSignal(EntryId("another"), Signal.DECLINED, NOW)
    known = facts().with_signals({elsewhere.entry_id}, (elsewhere,))
    assert decide(known=known).facts == known


def test_every_audience_is_decided_even_after_its_grant_has_ended() -> None:
    decided = decide(known=facts((granted(until=date(2024, 12, 31)), NOW)))
    assert {audience for _, audience in decided.updates} == {SELF, PARTNER}
    assert decided.updates[E0, PARTNER].decision.outcome is Outcome.NOT_ELIGIBLE
    assert GRANT in PARTNER


def referring_to(*targets: str) -> AcceptedEntry:
    elements = (
        Element(ElementKind.CHILD, f"/entry/{place}", EntryId(target))
        for place, target in enumerate(targets)
    )
    return accepted(entry(elements=tuple(elements)))


def pointers(decided: PatientDecision) -> tuple[str, ...]:
    return about_e0(decided).decision.pointers


def test_a_reference_to_an_entry_not_in_hand_stays_only_if_that_is_shown_to_this_audience() -> None:
    shown: Iterable[EntryAudience] = [(EntryId("mine"), SELF), (EntryId("theirs"), PARTNER)]
    rest = RecordRest(released=frozenset(shown))
    assert pointers(decide(referring_to("mine", "theirs"), rest=rest)) == ("/entry/1",)


def part_of_e0(name: str) -> Relative:
    link = Link(E0, Relation.PART_OF)
    return relative_of(entry(entry_id=EntryId(name), links=(link,)), conflict=False)


def beside(*relatives: Relative) -> RecordRest:
    return RecordRest(relatives=lambda: relatives)


def test_relatives_not_in_hand_are_named_when_the_cascade_takes_them_along_and_not_again() -> None:
    hide = {E0: statements(hidden())}
    first = decide(stated=hide, rest=beside(part_of_e0("far")))
    assert first.affected == {EntryId("far")}
    rest = replace(beside(part_of_e0("far")), cascade=first.cascade)
    assert decide(stated=hide, rest=rest).affected == set()


def test_what_was_taken_along_for_an_audience_that_is_gone_is_named() -> None:
    hide = {E0: statements(hidden())}
    with_proxy = facts((granted(), NOW - timedelta(days=1)))
    first = decide(known=with_proxy, stated=hide, rest=beside(part_of_e0("far")))
    assert set(first.cascade) == {SELF, PARTNER}
    rest = replace(beside(part_of_e0("far")), cascade=first.cascade)
    assert decide(stated=hide, rest=rest).affected == {EntryId("far")}


def test_the_links_of_an_entry_in_conflict_explain_nothing() -> None:
    other = EntryId("other")
    hide = {E0: statements(hidden(related=(other,)))}
    linked = entry(links=(Link(other, Relation.REFERS_TO),))
    for conflict in (False, True):
        both = (accepted(linked, conflict=conflict), accepted(entry(entry_id=other)))
        assert (other in decide(*both, stated=hide).cascade[SELF].affected) is conflict


def test_every_audience_gives_its_tasks() -> None:
    coded = facts(
        (AccessReviewCoded(ReviewCode.NEEDED_104), NOW - timedelta(days=1)),
        (granted(), NOW - timedelta(days=1)),
    )
    assert Task(Reason.ACCESS_REVIEW, SELF) in decide(known=coded).tasks


def test_a_digest_has_sixteen_bytes() -> None:
    assert len(about_e0(decide()).digest) == 16
