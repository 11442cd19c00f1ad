"""Around the start date: days before it that are forgiven, history that opens them, entries without a date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import Historic, Level
from recordgate_schemas.entry import Element, ElementKind, Kind, Origin, Readiness
from recordgate_schemas.reasons import Outcome, Reason
from tests.support.builders import NOW, RULESET, access, case, decide, entry, facts, historic

START = date(2023, 10, 31)
RESULT = {"kind": Kind.TEST_RESULT, "readiness": Readiness.FILED}
NOTE = (Element(ElementKind.FREE_TEXT, "/note"),)


def reasons(
    fields: dict[str, Any],
    about: Historic | None = None,
    level: Level = Level.FULL,
    **switches: Any,
) -> set[Reason]:
    settings = RULESET.settings
    context = case(
        entry=entry(**fields),
        facts=facts(level=access(level, historic=about)),
        settings=replace(settings, switches=replace(settings.switches, **switches)),
    )
    return {o.reason for o in decide(context).objections}


@pytest.mark.parametrize(
    ("fields", "days_before", "holds"),
    [
        ({}, 0, False),
        ({}, 1, True),
        (RESULT, 1, False),
        (RESULT, 90, False),
        (RESULT, 91, True),
    ],
)
def test_how_long_before_the_start_something_may_have_happened(
    fields: dict[str, Any], days_before: int, *, holds: bool
) -> None:
    happened = START - timedelta(days=days_before)
    found = reasons({**fields, "event_date": happened})
    assert found == ({Reason.BACKDATED} if holds else set())
    assert reasons({**fields, "event_date": happened}, backdated_hold=False) == set()


@pytest.mark.parametrize("kind", Kind)
def test_results_and_letters_may_have_happened_some_days_before_the_start(kind: Kind) -> None:
    happened = START - timedelta(days=1)
    found = reasons({"kind": kind, "readiness": Readiness.FILED, "event_date": happened})
    forgiven = {Kind.TEST_RESULT, Kind.REPORT, Kind.BATTERY, Kind.TEST_GROUP, Kind.DOCUMENT}
    assert (Reason.BACKDATED not in found) is (kind in forgiven)


@pytest.mark.parametrize(
    ("since", "holds"), [(date(1990, 1, 1), False), (date(2000, 1, 1), True), (None, False)]
)
def test_history_opens_what_happened_before_the_start_as_far_as_it_reaches(
    since: date | None, *, holds: bool
) -> None:
    found = reasons({"event_date": date(1998, 3, 1)}, historic(since=since))
    assert found == ({Reason.BACKDATED} if holds else set())


@pytest.mark.parametrize(("checked", "becomes"), [(True, Outcome.RELEASED), (False, Outcome.HELD)])
def test_historic_access_opens_a_backdated_entry_only_when_the_record_was_checked(
    becomes: Outcome, *, checked: bool
) -> None:
    backdated = entry(event_date=date(1998, 3, 1))
    world = facts(level=access(historic=historic(checked=checked)))
    assert decide(case(entry=backdated, facts=world)).outcome is becomes


HAPPENED = {"recorded_at": None, "event_date": START, "extracted_at": NOW}


def test_what_happened_inside_the_window_was_recorded_inside_it() -> None:
    assert reasons(HAPPENED) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"event_date": None},
        {"event_date": START - timedelta(days=1)},
        {"event_date": date(1998, 3, 1)},
        {"event_date": NOW.date() + timedelta(days=1)},
        {
            "event_date": NOW.date() + timedelta(days=1),
            "extracted_at": NOW + timedelta(days=2),
        },
        {"extracted_at": datetime(2023, 10, 30, 23, 59, tzinfo=UTC)},
        {"origin": Origin.TRANSFER},
        {"origin": Origin.UNKNOWN},
        {**RESULT, "event_date": START - timedelta(days=1)},
    ],
    ids=str,
)
def test_an_undated_entry_is_held_where_its_event_proves_nothing(fields: dict[str, Any]) -> None:
    assert reasons({**HAPPENED, **fields}) == {Reason.DATE_UNKNOWN}


@pytest.mark.parametrize("kind", Kind)
def test_what_may_be_dated_ahead_proves_nothing(kind: Kind) -> None:
    found = reasons({**HAPPENED, "kind": kind, "readiness": Readiness.FILED})
    ahead = {
        Kind.MEDICATION,
        Kind.REFERRAL,
        Kind.LIST,
        Kind.ACCESS_CODE,
        Kind.DIARY,
        Kind.ADMIN_TASK,
        Kind.UNKNOWN,
    }
    assert (Reason.DATE_UNKNOWN in found) is (kind in ahead)


def test_without_a_start_an_event_proves_nothing() -> None:
    context = case(entry=entry(**HAPPENED), facts=facts(level=None))
    assert Reason.DATE_UNKNOWN in {o.reason for o in decide(context).objections}


@pytest.mark.parametrize("level_lowered_retract", [True, False])
def test_an_undated_entry_has_the_level_of_today(*, level_lowered_retract: bool) -> None:
    found = reasons(
        {"recorded_at": None, "event_date": None, "elements": NOTE},
        level=Level.DETAILED,
        level_lowered_retract=level_lowered_retract,
    )
    assert found == {Reason.DATE_UNKNOWN, Reason.FREE_TEXT_DROPPED}
