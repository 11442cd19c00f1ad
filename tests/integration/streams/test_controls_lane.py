"""Controls: hides before and after the entry, declines, snapshots, reviews, unreadable ones, paged re-decision."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    RecordSnapshot,
    ReviewAction,
    StateConfirmed,
)
from recordgate_schemas.entry import Link, Relation, ThirdParty
from recordgate_schemas.messages import Release
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId
from tests.support.builders import (
    NHS_NUMBER,
    NOW,
    PARTNER,
    PRACTICE,
    RECORDED,
    access,
    control,
    entry,
    granted,
    hidden,
    registered,
    reviewed,
    shown,
)
from tests.support.ledger import Ledger

E0 = "A82038/emis/e0"


def test_a_hide_takes_the_named_entry_and_leaves_its_neighbour(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(), entry(entry_id=EntryId("neighbour")))
    ledger.say(hidden())

    assert ledger.outcome(E0) == ("WITHHELD", "SOURCE_HIDE")
    assert ledger.view() == {"neighbour": 1}


def test_a_hide_that_comes_before_its_entry_holds_when_the_entry_comes(ledger: Ledger) -> None:
    ledger.say(registered(), access(), hidden())
    ledger.publish(entry(), entry(entry_id=EntryId("neighbour")))

    assert ledger.view() == {"neighbour": 1}


def test_a_hide_that_is_lifted_later_shows_the_entry_again(ledger: Ledger) -> None:
    ledger.say(registered(), access(), hidden())
    ledger.publish(entry())
    ledger.say(control(shown(), effective_at=NOW - timedelta(minutes=1)))

    assert ledger.view() == {E0: 1}


def test_a_decline_retracts_everything_and_the_marker_names_its_position(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(), entry(entry_id=EntryId("neighbour")))
    ledger.say(AccessDeclined())

    assert ledger.view() == {}
    assert ledger.markers()[-1] == 2


def test_a_control_dated_into_the_future_counts_from_when_it_came(ledger: Ledger) -> None:
    late = control(AccessOptedIn(), effective_at=NOW + timedelta(days=400))
    ledger.say(registered(), access(), late)
    ledger.publish(entry())
    ledger.say(control(AccessDeclined(), effective_at=NOW))

    assert ledger.outcome(E0) == ("NOT_ELIGIBLE", "DECLINED")


def test_pages_re_decide_every_entry_once_and_the_marker_comes_last(ledger: Ledger) -> None:
    ledger.page_entries = 3
    ledger.restart()
    ledger.say(registered(), access())
    ledger.publish(*(entry(entry_id=EntryId(f"e{n:02}")) for n in range(10)))
    released = len(ledger.broker.messages())
    ledger.say(AccessDeclined())
    after = ledger.broker.messages()[released:]

    assert ledger.view() == {}
    assert [type(m.change).__name__ for m in after] == ["Retract"] * 10 + ["Redecided"]


def test_entries_missing_from_a_newer_snapshot_are_gone_those_listed_stay(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(), entry(entry_id=EntryId("gone")))
    listing = RecordSnapshot(PRACTICE, "emis", (EntryId(E0),))
    ledger.say(listing)
    ledger.publish(entry(entry_id=EntryId("newer"), extracted_at=NOW))

    assert ledger.outcome("gone") == ("WITHHELD", "GONE_AT_SOURCE")
    assert ledger.view() == {E0: 1, "newer": 1}


def test_an_older_snapshot_that_comes_late_takes_nothing_away(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    old = control(RecordSnapshot(PRACTICE, "emis", ()), effective_at=RECORDED - timedelta(days=9))
    ledger.say(old)

    assert ledger.view() == {E0: 1}


def test_a_review_releases_what_was_seen_and_a_later_hide_wins(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(third_party=ThirdParty.PRESENT))
    before = ledger.outcome(E0)
    ledger.say(reviewed("THIRD_PARTY"))
    after = ledger.outcome(E0)
    ledger.say(hidden())

    assert (before, after) == (("HELD", "THIRD_PARTY"), ("RELEASED", "REVIEWED"))
    assert ledger.outcome(E0) == ("WITHHELD", "SOURCE_HIDE")
    assert ledger.view() == {}


def test_a_review_given_for_another_version_or_ruleset_is_refused_and_the_hold_is_told_again(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(version=2, third_party=ThirdParty.PRESENT))
    told = len(ledger.broker.messages("held"))
    ledger.say(reviewed("THIRD_PARTY"))
    ledger.say(replace(reviewed("THIRD_PARTY"), entry_version=2, ruleset="another"))

    assert ledger.outcome(E0) == ("HELD", "THIRD_PARTY")
    assert len(ledger.broker.messages("held")) == told + 2


def test_a_reviewers_withholding_closes_the_hold(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(third_party=ThirdParty.PRESENT))
    ledger.say(reviewed("THIRD_PARTY", action=ReviewAction.WITHHOLD))

    assert ledger.outcome(E0) == ("WITHHELD", "REVIEWED")
    assert type(ledger.broker.messages("held")[-1].change).__name__ == "HoldClosed"


def test_a_control_nobody_can_read_holds_the_patient_until_it_is_repaired(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    poison = ledger.raw(CONTROLS, b"\xc3\x01 perhaps a hide", NHS_NUMBER.digits.encode())
    ledger.controls.process_batch([poison])
    held, seen = ledger.outcome(E0), ledger.view()
    ledger.say(StateConfirmed(through=poison.offset))

    assert (held, seen) == (("HELD", "STATE_UNKNOWN"), {})
    assert ledger.view() == {E0: 1}


def test_each_proxy_gets_a_decision_of_its_own(ledger: Ledger) -> None:
    ledger.say(registered(), access(), granted())
    ledger.publish(entry(not_for_grants=("grant-1",)))

    assert ledger.outcome(E0) == ("RELEASED", None)
    assert ledger.outcome(E0, "proxy:grant-1") == ("WITHHELD", "SUBJECT_WISH")


def test_hides_and_entries_end_the_same_in_either_order(ledger: Ledger, ledger_dsn: str) -> None:
    ledger.publish(entry())
    ledger.say(hidden(), registered(), access())
    other = Ledger(ledger_dsn)
    other.say(registered(), access(), hidden())
    other.publish(entry())

    assert ledger.broker.messages()[-1].nhs_number == NHS_NUMBER
    assert ledger.view() == other.view() == {}
    other.close()


def test_a_hide_takes_the_relatives_it_names_and_its_lifting_gives_back_exactly_those(
    ledger: Ledger,
) -> None:
    child, own, bystander = EntryId("child"), EntryId("own"), EntryId("bystander")
    ledger.say(registered(), access())
    ledger.publish(entry(), *(entry(entry_id=e) for e in (child, own, bystander)))
    ledger.say(hidden(related=(child, own)), hidden(entry_id=own))
    taken = ledger.view()
    late = EntryId("late")
    ledger.say(hidden(related=(late,)))
    ledger.publish(entry(entry_id=late))
    with_late = ledger.view()
    ledger.say(control(shown(), effective_at=NOW - timedelta(minutes=1)))

    assert taken == with_late == {"bystander": 1}
    assert ledger.view() == {E0: 1, "child": 1, "late": 1, "bystander": 1}


def test_a_hide_that_comes_after_its_lifting_hides_no_relative(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(), entry(entry_id=EntryId("child")))
    ledger.say(control(shown(), effective_at=NOW - timedelta(minutes=1)))
    ledger.say(hidden(related=(EntryId("child"),)))

    assert ledger.view() == {E0: 1, "child": 1}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_entry_seen_again_after_a_snapshot_stays_whatever_comes_first(
    ledger: Ledger, order: tuple[int, ...]
) -> None:
    before, after = RECORDED, RECORDED + timedelta(hours=9)
    listing = control(
        RecordSnapshot(PRACTICE, "emis", ()), effective_at=RECORDED + timedelta(hours=5)
    )
    steps = (
        lambda: ledger.publish(entry(extracted_at=before)),
        lambda: ledger.say(listing),
        lambda: ledger.publish(entry(extracted_at=after)),
    )
    ledger.say(registered(), access())
    for step in order:
        steps[step]()

    assert ledger.view() == {E0: 1}
    assert ledger.account().unaccounted == 0


def test_an_amendment_of_a_withheld_entry_is_held_until_somebody_looks_again(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(third_party=ThirdParty.PRESENT))
    ledger.say(reviewed("THIRD_PARTY", action=ReviewAction.WITHHOLD))
    ledger.publish(entry(version=2))
    amended = ledger.outcome(E0)
    release = replace(reviewed("REVIEWED"), entry_version=2, control_position=9)
    ledger.say(control(release, effective_at=NOW - timedelta(minutes=1)))

    assert amended == ("HELD", "REVIEWED")
    assert ledger.outcome(E0) == ("RELEASED", None)


def test_a_confirmation_cannot_reach_beyond_its_own_position(ledger: Ledger) -> None:
    ledger.say(registered(), access(), StateConfirmed(through=2**52))
    ledger.publish(entry())
    poison = ledger.raw(CONTROLS, b"\xc3\x01 perhaps a hide", NHS_NUMBER.digits.encode())
    ledger.controls.process_batch([poison])

    assert ledger.outcome(E0) == ("HELD", "STATE_UNKNOWN")


@pytest.mark.parametrize("arrives_first", [False, True])
def test_a_new_proxy_never_sees_the_child_of_an_entry_that_is_concealed_not_for_one_page(
    ledger: Ledger, *, arrives_first: bool
) -> None:
    """The child's page comes before its root's: alone it would look harmless."""
    ledger.page_entries = 2
    ledger.restart()
    root = entry(entry_id=EntryId("z-root"), third_party=ThirdParty.PRESENT)
    part_of = (Link(root.entry_id, Relation.PART_OF),)
    child = entry(entry_id=EntryId("a-child"), links=part_of)
    ledger.say(registered(), access())
    ledger.publish(root, entry(entry_id=EntryId("m-bystander")))
    if arrives_first:
        ledger.publish(child)
    ledger.say(granted())
    if not arrives_first:
        ledger.publish(child)

    shown = {
        message.change.entry_id
        for message in ledger.broker.messages()
        if isinstance(message.change, Release) and message.change.audience == PARTNER
    }
    assert shown == {"m-bystander"}
    assert ledger.outcome("a-child", PARTNER) == ("HELD", "LINKED")
