"""Production decides random histories as the reference model does: every entry and audience, reasons and drops.

`RECORDGATE_CASES=1000000` makes it the long run; `python -m tests.reference` does that over two processes.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import permutations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories.cases import Case, cases, random_case
from tests.histories.rulesets import random_ruleset
from tests.histories.times import NOWS
from tests.histories.words import E0, P0, Event, control, entry, ruleset
from tests.reference.compare import decided, difference, expected, production_ruleset, run, told
from tests.reference.shrink import shrink

CASES = int(os.environ.get("RECORDGATE_CASES", "20000"))
SEEDS = range(4)
EVERY_REASON = {
    "CONFLICT HELD",
    "BODY_MISMATCH HELD",
    "STATE_UNKNOWN HELD",
    "IDENTITY HELD",
    "DECEASED NOT_ELIGIBLE",
    "IDENTITY_CHANGE NOT_ELIGIBLE",
    "IDENTITY_CHANGE HELD",
    "NOT_REGISTERED NOT_ELIGIBLE",
    "LEFT_PRACTICE NOT_ELIGIBLE",
    "INACTIVE NOT_ELIGIBLE",
    "SUSPENDED NOT_ELIGIBLE",
    "S_FLAG NOT_ELIGIBLE",
    "DECLINED NOT_ELIGIBLE",
    "NO_ACCOUNT NOT_ELIGIBLE",
    "UNDER_13 NOT_ELIGIBLE",
    "UNDER_16 NOT_ELIGIBLE",
    "AREA NOT_ELIGIBLE",
    "ACCESS_REVIEW HELD",
    "ACCESS_REVIEW NOT_ELIGIBLE",
    "PROXY_ENDED NOT_ELIGIBLE",
    "PROXY_16 NOT_ELIGIBLE",
    "PROXY_AGE NOT_ELIGIBLE",
    "PROXY_AGE HELD",
    "PROXY_STALE NOT_ELIGIBLE",
    "PR_CHANGE NOT_ELIGIBLE",
    "SAFEGUARDING NOT_ELIGIBLE",
    "SUBJECT_WISH WITHHELD",
    "DATE_UNKNOWN HELD",
    "FUTURE_DATED HELD",
    "HISTORIC_IMPORT NOT_ELIGIBLE",
    "HISTORIC NOT_ELIGIBLE",
    "HISTORIC_CHECK HELD",
    "BACKDATED HELD",
    "LEVEL_NONE NOT_ELIGIBLE",
    "LEVEL NOT_ELIGIBLE",
    "FREE_TEXT_DROPPED RELEASED_REDACTED",
    "ATTACHMENT_DROPPED RELEASED_REDACTED",
    "SOURCE_NOPAT WITHHELD",
    "SOURCE_HIDE WITHHELD",
    "IN_ERROR WITHHELD",
    "WRONG_PATIENT WITHHELD",
    "WRONG_PATIENT HELD",
    "GONE_AT_SOURCE WITHHELD",
    "RESOURCE_EXCLUDED NOT_ELIGIBLE",
    "ADMIN NOT_ELIGIBLE",
    "UNKNOWN_KIND HELD",
    "ACCESS_CODE HELD",
    "ACCESS_CODE WITHHELD",
    "DRAFT DEFERRED",
    "DRAFT HELD",
    "NOT_FILED DEFERRED",
    "NOT_FILED HELD",
    "NOT_REVIEWED DEFERRED",
    "NOT_REVIEWED HELD",
    "IN_TRANSIT DEFERRED",
    "IN_TRANSIT HELD",
    "PARTIAL DEFERRED",
    "PARTIAL HELD",
    "DELAYED DEFERRED",
    "DELAYED HELD",
    "UNKNOWN_READINESS HELD",
    "UNKNOWN_LABEL HELD",
    "CONF HELD",
    "CONF WITHHELD",
    "PROXY_SENSITIVE HELD",
    "PROXY_SENSITIVE WITHHELD",
    "STAFF_PRIVATE HELD",
    "UNKNOWN_FLAG HELD",
    "THIRD_PARTY HELD",
    "COURT HELD",
    "MISFILED HELD",
    "ORIGINATOR HELD",
    "ORIGINATOR WITHHELD",
    "SAFEGUARDING HELD",
    "SAFEGUARDING WITHHELD",
    "TEXT_HINT HELD",
    "REVIEWED WITHHELD",
    "REVIEWED HELD",
    "REVIEWED RELEASED",
    "OPINION_STALE WITHHELD",
    "LINKED HELD",
    "POINTERS_DROPPED RELEASED_REDACTED",
}
"""Each reason of the specification with each outcome it may ask for."""


@cache
def compared(seed: int) -> tuple[Counter[str], Case | None]:
    return run(seed, CASES // len(SEEDS))


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", SEEDS)
def test_production_decides_as_the_model_does(seed: int) -> None:
    _, failing = compared(seed)
    if failing is not None:
        pytest.fail(told(shrink(failing, lambda case: bool(difference(case)))))


def test_the_random_histories_meet_every_reason(capsys: pytest.CaptureFixture[str]) -> None:
    met = sum((compared(seed)[0] for seed in SEEDS), Counter())
    with capsys.disabled():
        print("\nrarest: " + ", ".join(f"{r} {n}" for r, n in met.most_common()[:-9:-1]))
    assert EVERY_REASON - met.keys() == set()


def histories() -> st.SearchStrategy[Case]:
    """Cases for hypothesis, which shrinks what it finds."""
    return st.randoms(use_true_random=False).map(lambda rng: random_case(rng, random_ruleset(rng)))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_what_hypothesis_finds(case: Case) -> None:
    assert difference(case) == ""


def test_a_difference_is_seen_and_shrunk_to_what_makes_it() -> None:
    """The victim: a comparison that cannot fail. Production is given another ruleset than the model."""
    noise = control("ProxyUsed", grant_id="g1", position=2)
    case = Case([*P0, E0, noise, entry("e1", kind="diary")], ruleset(), NOWS[-1])
    needs_account = production_ruleset(ruleset(needs_account=True))
    smallest = shrink(case, lambda one: bool(difference(one, needs_account)))
    assert len(smallest.events) == 1
    assert "only production: NO_ACCOUNT NOT_ELIGIBLE" in difference(smallest, needs_account)


def orders(case: Case, rng: Random) -> Iterator[Case]:
    """All orders of up to 6 events, 20 random ones of more."""
    every: Iterator[Sequence[Event]] = permutations(case.events)
    if len(case.events) > 6:
        every = (rng.sample(case.events, len(case.events)) for _ in range(20))
    for events in every:
        yield replace(case, events=list(events))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_arrival_changes_nothing(seed: int) -> None:
    rng = Random(seed)
    for case in cases(1_000 + seed, 40):
        rules = production_ruleset(case.ruleset)
        by_model, by_production = expected(case), decided(case, rules)
        for other in orders(case, rng):
            assert expected(other) == by_model
            assert decided(other, rules) == by_production
