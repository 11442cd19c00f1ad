"""Fail-closed totality: a symbol that nobody wired never releases, and every symbol there is is wired somewhere."""

from typing import Any, cast

import pytest

from recordgate_schemas.control import HideCause, RegistrationKind, Verification
from recordgate_schemas.entry import Kind, Marker, Readiness, Relation, ThirdParty, Visibility
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.decider.relations import FOLLOWS_TARGET
from recordgate_streams.policy.rules.flags import MARKERS, NOBODY_ELSE, VISIBILITIES
from recordgate_streams.policy.rules.hidden import CAUSES
from recordgate_streams.policy.rules.kinds import SHOWN as SHOWN_KINDS
from recordgate_streams.policy.rules.level import NEEDS
from recordgate_streams.policy.rules.readiness import FINISHED, NOT_READY
from recordgate_streams.policy.settings import OUTCOMES, Ask, Signal
from recordgate_streams.ruleset import current
from tests.support.builders import case, decide, entry, facts, registered

SHOWN = (Outcome.RELEASED, Outcome.RELEASED_REDACTED)


class Unwired(str):
    """A symbol of an enumeration as it would be on the day after somebody added it."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)


NEW = cast("Any", Unwired("added_yesterday"))


@pytest.mark.parametrize("field", ["kind", "readiness", "online_visibility", "third_party"])
def test_a_new_symbol_of_an_entrys_field_is_held(field: str) -> None:
    assert decide(case(entry=entry(**{field: NEW}))).outcome is Outcome.HELD
    assert decide(case()).outcome is Outcome.RELEASED


def test_a_new_marker_is_held() -> None:
    decision = decide(case(entry=entry(markers=(NEW,))))
    assert (decision.outcome, decision.headline) == (Outcome.HELD, Reason.UNKNOWN_FLAG)


def test_a_new_origin_counts_as_imported() -> None:
    decision = decide(case(entry=entry(origin=NEW)))
    assert (decision.outcome, decision.headline) == (Outcome.NOT_ELIGIBLE, Reason.HISTORIC_IMPORT)


@pytest.mark.parametrize("field", ["registration", "verification"])
def test_a_new_symbol_of_a_registration_never_releases(field: str) -> None:
    known = facts(registration=registered(**{field: NEW}))
    assert decide(case(facts=known)).outcome not in SHOWN


WIRED = [
    ("markers", set(Marker), set(MARKERS)),
    ("hide causes", set(HideCause), set(CAUSES)),
    ("asks", set(Ask) - {Ask.RELEASE}, set(OUTCOMES)),
    (
        "readiness",
        set(Readiness),
        {
            *NOT_READY,
            *FINISHED,
            Readiness.IN_ERROR,
            Readiness.UNKNOWN,
        },
    ),
    (
        "visibility",
        set(Visibility),
        {*VISIBILITIES, Visibility.UNKNOWN},
    ),
    (
        "third parties",
        set(ThirdParty),
        {*NOBODY_ELSE, ThirdParty.PRESENT, ThirdParty.UNKNOWN},
    ),
    (
        "kinds",
        set(Kind),
        {
            *SHOWN_KINDS,
            Kind.DIARY,
            Kind.ADMIN_TASK,
            Kind.ACCESS_CODE,
            Kind.UNKNOWN,
        },
    ),
    (
        "relations",
        set(Relation),
        {*FOLLOWS_TARGET, Relation.ABOUT_PROBLEM, Relation.REFERS_TO},
    ),
    ("registrations", set(RegistrationKind), {"regular", "temporary", "other", "unknown"}),
    ("verifications", set(Verification), {"verified", "unverified", "unknown"}),
]
"""Adding a symbol fails here until somebody has thought about it. All but the last two are tables of the rules."""


@pytest.mark.parametrize(("symbols", "wired"), [w[1:] for w in WIRED], ids=[w[0] for w in WIRED])
def test_every_symbol_is_wired(symbols: set[Any], wired: set[Any]) -> None:
    assert symbols == wired


def test_every_kind_that_is_shown_has_a_level_of_its_own() -> None:
    assert set(NEEDS) == SHOWN_KINDS | {Kind.ACCESS_CODE}


def test_every_reason_has_texts_and_every_signal_a_code_set() -> None:
    ruleset = current()
    assert set(ruleset.reasons.by_reason) == set(Reason)
    assert {one["signal"] for one in ruleset.data["code_sets"]} == {"", *Signal}
