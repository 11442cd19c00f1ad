"""Every control but a short list of harmless ones closes something until it is decided again."""

import typing
from datetime import UTC, date, datetime, timedelta

import pytest

from recordgate_consumers.view.gate_rules import (
    PATIENT,
    PATIENT_FENCE,
    GateClosure,
    GateFences,
    closure_of,
    end_of_day,
    fences_of,
)
from recordgate_schemas import control as controls
from recordgate_schemas.control import (
    AccessDeclined,
    AccessLevelSet,
    AccessOptedIn,
    AccessResumed,
    AccessReviewCoded,
    AccessSuspended,
    AccountChanged,
    AreaSet,
    Change,
    Deregistered,
    Died,
    EntryHidden,
    EntryShown,
    HideCause,
    Level,
    NhsNumberChanged,
    NumberSide,
    ProxyEnded,
    ProxyUsed,
    RecordSnapshot,
    ReviewAction,
    ReviewCode,
    Reviewed,
    ReviewGround,
    SensitivityFlagged,
    StateConfirmed,
)
from recordgate_schemas.entry import Kind
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.values import SELF, EntryId, GrantId
from tests.support.consumers import NOW, OTHER_PRACTICE, PRACTICE, at, granted, registered

E1, E2 = EntryId("e1"), EntryId("e2")


def reviewed(action: ReviewAction) -> Reviewed:
    ground = ReviewGround.CHECKED
    return Reviewed(E1, PRACTICE, SELF, action, ground, (), 1, b"\0" * 32, 5, "r", "admin", None)


NOTHING = GateFences()
TABLE: list[tuple[Change, GateFences, GateClosure | None]] = [
    (registered(), PATIENT_FENCE, None),
    (Deregistered(PRACTICE, date(2026, 1, 1)), PATIENT_FENCE, None),
    (AccessLevelSet(PRACTICE, Level.FULL, None, None, None), PATIENT_FENCE, None),
    (AreaSet(PRACTICE, Kind.DOCUMENT, shown=False), PATIENT_FENCE, None),
    (AreaSet(PRACTICE, Kind.DOCUMENT, shown=True), NOTHING, None),
    (AccountChanged(linked=False), PATIENT_FENCE, None),
    (AccountChanged(linked=True), NOTHING, None),
    (AccessDeclined(), PATIENT_FENCE, GateClosure(SELF, "declined", NOW, closed=True)),
    (AccessOptedIn(), NOTHING, GateClosure(SELF, "declined", NOW, closed=False)),
    (AccessReviewCoded(ReviewCode.NEEDED_104), PATIENT_FENCE, None),
    (AccessReviewCoded(ReviewCode.NOT_NEEDED_106), PATIENT_FENCE, None),
    (AccessSuspended(), PATIENT_FENCE, GateClosure(PATIENT, "suspended", NOW, closed=True)),
    (AccessResumed(), NOTHING, GateClosure(PATIENT, "suspended", NOW, closed=False)),
    (SensitivityFlagged(True), PATIENT_FENCE, GateClosure(PATIENT, "s_flag", NOW, closed=True)),
    (SensitivityFlagged(False), NOTHING, GateClosure(PATIENT, "s_flag", NOW, closed=False)),
    (Died(None), PATIENT_FENCE, GateClosure(PATIENT, "died", NOW, closed=True)),
    (
        NhsNumberChanged(NumberSide.OLD),
        PATIENT_FENCE,
        GateClosure(PATIENT, "number_changed", NOW, closed=True),
    ),
    (NhsNumberChanged(NumberSide.NEW), PATIENT_FENCE, None),
    (
        granted("g1"),
        GateFences(grant="proxy:g1"),
        GateClosure("proxy:g1", "proxy_ended", NOW, closed=False),
    ),
    (
        ProxyEnded(GrantId("g1")),
        GateFences(audiences=("proxy:g1",)),
        GateClosure("proxy:g1", "proxy_ended", NOW, closed=True),
    ),
    (ProxyUsed(GrantId("g1")), NOTHING, None),
    (EntryHidden(E1, (E2,), HideCause.NOPAT), GateFences((PATIENT,), (E1, E2)), None),
    (EntryShown(E1, HideCause.NOPAT), NOTHING, None),
    (RecordSnapshot(PRACTICE, "emis", (E1,)), PATIENT_FENCE, None),
    (reviewed(ReviewAction.RELEASE), NOTHING, None),
    (reviewed(ReviewAction.WITHHOLD), GateFences((PATIENT,), (E1,)), None),
    (StateConfirmed(5), PATIENT_FENCE, None),
]


@pytest.mark.parametrize(("change", "raised", "closure"), TABLE, ids=lambda v: type(v).__name__)
def test_a_control_fences_and_closes_what_it_concerns(
    change: Change, raised: GateFences, closure: GateClosure | None
) -> None:
    assert fences_of(change) == raised
    if closure is not None:
        assert closure_of(change, NOW, at(100)) == closure


def test_every_control_there_is_has_a_line_above() -> None:
    known = {type(change) for change, _, _ in TABLE}
    assert known == set(typing.get_args(controls.Change))


def test_a_control_nobody_knows_closes_the_whole_patient() -> None:
    assert fences_of(typing.cast("Change", object())) == PATIENT_FENCE


def test_a_control_dated_into_the_future_counts_from_the_brokers_time() -> None:
    closure = closure_of(AccessResumed(), at(1000), NOW)
    assert closure is not None
    assert closure.effective_at == NOW


def test_an_older_control_keeps_its_own_time() -> None:
    closure = closure_of(AccessResumed(), at(-5), NOW)
    assert closure is not None
    assert closure.effective_at == at(-5)


def test_registrations_count_by_day_and_practice() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    for change, closed in (
        (registered(day.date()), False),
        (Deregistered(PRACTICE, day.date()), True),
    ):
        expected = GateClosure(PATIENT, "registration", day, closed, practice=PRACTICE)
        assert closure_of(change, NOW, at(100)) == expected


def test_a_registration_in_the_future_counts_from_the_brokers_day_in_london() -> None:
    late_evening = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    closure = closure_of(registered(date(2030, 1, 1), OTHER_PRACTICE), NOW, late_evening)
    assert closure is not None
    assert closure.effective_at == datetime(2026, 7, 1, tzinfo=UTC)


def test_a_grant_ends_with_its_last_day_in_london() -> None:
    assert end_of_day(date(2026, 6, 30)) == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert end_of_day(date(2026, 12, 31)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert end_of_day(date(2026, 10, 25)) == datetime(2026, 10, 26, tzinfo=UTC)
    assert end_of_day(date.max - timedelta(days=1)) is not None
    assert end_of_day(date.max) is None


def test_a_grant_id_that_is_none_is_poison() -> None:
    with pytest.raises(PoisonError):
        fences_of(ProxyEnded(GrantId("not a grant id")))
