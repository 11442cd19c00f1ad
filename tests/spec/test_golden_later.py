"""Golden rows 75-98: changes of identity, proxies, hides, amendments, reviews, failing rules, repeats."""

from datetime import date, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    AccessDeclined,
    AccessSuspended,
    HideCause,
    NhsNumberChanged,
    NumberSide,
    ProxyEnded,
    ReviewAction,
)
from recordgate_schemas.entry import Marker, Readiness, ThirdParty
from recordgate_schemas.messages import Retract
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.accept import Arrival, classify
from recordgate_streams.ledger.rows import CurrentDecision
from recordgate_streams.outcome import Verdict, for_view
from recordgate_streams.policy.decide import decide
from recordgate_streams.policy.decision import Case, Objections
from tests.spec.golden import MOST_RESTRICTIVE, RETRACTED, effect, row
from tests.support.builders import (
    GRANT,
    NOW,
    RULESET,
    access,
    case,
    entry,
    facts,
    granted,
    hidden,
    label,
    marks,
    proxy_case,
    registered,
    reviewed,
    shown,
    stored,
)

EARLIER = NOW - timedelta(hours=5)
LATER = NOW - timedelta(minutes=5)
THIRD_PARTY = {"third_party": ThirdParty.PRESENT}
SEEN = Reason.THIRD_PARTY.value
RELEASE = reviewed(SEEN)
WITHHOLD = reviewed(SEEN, action=ReviewAction.WITHHOLD)


def held(*said: Any, **overrides: Any) -> Case:
    """An entry held for a third party, and what was said of it."""
    fields = {**THIRD_PARTY, **overrides.pop("fields", {})}
    return case(**{"entry": entry(**fields), "marks": marks(*said), **overrides})


def broken(_: Case) -> Objections:
    raise RuntimeError("a rule with a bug")


ROWS = (
    row(
        "75",
        "number changed: under the new one",
        lambda: case(facts=facts(NhsNumberChanged(NumberSide.NEW))),
        Outcome.HELD,
        Reason.IDENTITY_CHANGE,
    ),
    row(
        "75",
        "entry about an adoption",
        lambda: case(entry=entry(markers=(Marker.ADOPTION,))),
        Outcome.HELD,
        Reason.IDENTITY_CHANGE,
    ),
    row(
        "76",
        "parent with a full grant, child of 9",
        lambda: proxy_case(
            facts=facts(
                granted(),
                registration=registered(birth_date=date(2016, 1, 1)),
                level=access(effective_from=None),
            )
        ),
        Outcome.RELEASED,
    ),
    row(
        "80",
        "the patient ends the grant",
        lambda: proxy_case(ProxyEnded(GRANT)),
        RETRACTED,
        Reason.PROXY_ENDED,
    ),
    row(
        "80",
        "the grant's last day has passed",
        lambda: proxy_case(granted(until=date(2025, 6, 2))),
        RETRACTED,
        Reason.PROXY_ENDED,
    ),
    row(
        "83a",
        "not for my partner: the patient",
        lambda: case(entry=entry(not_for_grants=(GRANT,)), facts=facts(granted())),
        Outcome.RELEASED,
    ),
    row(
        "83b",
        "not for my partner: the partner",
        lambda: proxy_case(entry=entry(not_for_grants=(GRANT,))),
        Outcome.WITHHELD,
        Reason.SUBJECT_WISH,
    ),
    row(
        "86a",
        "hidden at source after the release",
        lambda: case(marks=marks(hidden())),
        RETRACTED,
        Reason.SOURCE_HIDE,
    ),
    row(
        "87b",
        "then shown again",
        lambda: case(marks=marks((hidden(), EARLIER), (shown(), LATER))),
        Outcome.RELEASED,
    ),
    row(
        "89a",
        "said to be an error by a control",
        lambda: case(marks=marks(hidden(HideCause.IN_ERROR))),
        RETRACTED,
        Reason.IN_ERROR,
    ),
    row(
        "89a",
        "said to be an error by its new version",
        lambda: case(entry=entry(version=2, readiness=Readiness.IN_ERROR)),
        RETRACTED,
        Reason.IN_ERROR,
    ),
    row(
        "90a",
        "moved away: the wrong patient's side",
        lambda: case(marks=marks(hidden(HideCause.WRONG_PATIENT))),
        RETRACTED,
        Reason.WRONG_PATIENT,
    ),
    row(
        "90b",
        "moved here: the right patient's side",
        lambda: case(entry=entry(markers=(Marker.MOVED_FROM_OTHER_PATIENT,))),
        Outcome.HELD,
        Reason.WRONG_PATIENT,
    ),
    row(
        "91",
        "released by a reviewer",
        lambda: held(RELEASE),
        Outcome.RELEASED,
        Reason.REVIEWED,
    ),
    row(
        "71b",
        "withheld by a reviewer",
        lambda: held(WITHHOLD),
        Outcome.WITHHELD,
        Reason.THIRD_PARTY,
        Reason.REVIEWED,
    ),
    row(
        "92a",
        "released by a reviewer, then NOPAT",
        lambda: held(RELEASE, (hidden(HideCause.NOPAT), LATER)),
        Outcome.WITHHELD,
        Reason.SOURCE_NOPAT,
        Reason.REVIEWED,
    ),
    row(
        "92b",
        "released by a reviewer, then declined",
        lambda: held(RELEASE, facts=facts((AccessDeclined(), LATER))),
        Outcome.NOT_ELIGIBLE,
        Reason.DECLINED,
        Reason.REVIEWED,
    ),
    row(
        "92c",
        "released by a reviewer, then suspended",
        lambda: held(RELEASE, facts=facts((AccessSuspended(), LATER))),
        Outcome.NOT_ELIGIBLE,
        Reason.SUSPENDED,
        Reason.REVIEWED,
    ),
    row(
        "96",
        "two reviewers at the same instant",
        lambda: held((RELEASE, LATER), (WITHHOLD, LATER)),
        MOST_RESTRICTIVE,
        Reason.THIRD_PARTY,
        Reason.REVIEWED,
    ),
    row(
        "97a",
        "a rule fails",
        case,
        Outcome.HELD,
        Reason.ENGINE_ERROR,
        rules=(broken,),
    ),
)


@pytest.mark.parametrize("golden", ROWS, ids=str)
def test_later_events(golden: Any) -> None:
    assert (golden.expect, golden.reasons) == effect(golden)


def test_row_96_a_release_by_a_reviewer_who_had_not_seen_the_withholding_shows_nothing() -> None:
    disagreed = held((WITHHOLD, EARLIER), (RELEASE, LATER))
    assert decide(disagreed, RULESET.hash).outcome is Outcome.WITHHELD


def test_row_88_an_amendment_that_is_held_takes_the_released_version_out_of_the_view() -> None:
    amended = entry(version=2, **THIRD_PARTY)
    decision = decide(case(entry=amended), RULESET.hash)
    before = CurrentDecision(amended.entry_id, decision.audience, 1, "RELEASED", None, b"")
    verdict = Verdict(stored(entry=amended), decision, 0, NOW, NOW, before)
    assert for_view(verdict, amended.body) == Retract(decision.audience, amended.entry_id)


@pytest.mark.parametrize("said", [RELEASE, reviewed("SOURCE_NOPAT")], ids=["held", "nopat"])
def test_row_93_a_reviewer_cannot_release_what_its_source_marked_nopat(said: Any) -> None:
    decision = decide(case(entry=entry(labels=label("NOPAT")), marks=marks(said)), RULESET.hash)
    assert decision.outcome is Outcome.WITHHELD


def test_row_98_a_repeated_event_is_a_duplicate_and_changes_nothing() -> None:
    repeated = entry(extracted_at=NOW)
    assert classify(stored(), repeated) == (Arrival.DUPLICATE, False)
    first = Verdict(stored(), decide(case(), RULESET.hash), 0, NOW, NOW, None)
    current = CurrentDecision(
        repeated.entry_id, first.decision.audience, 1, "RELEASED", None, first.digest
    )
    again = Verdict(stored(), decide(case(), RULESET.hash), 5, NOW, NOW, current)
    assert not again.changed
