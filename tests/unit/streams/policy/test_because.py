"""The facts that each reason names to a reviewer; these and no others."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    AccessDeclined,
    AccessReviewCoded,
    AccessSuspended,
    AreaSet,
    Deregistered,
    Died,
    HideCause,
    Level,
    NhsNumberChanged,
    NumberSide,
    ProxyEnded,
    RegistrationKind,
    ReviewAction,
    ReviewCode,
    ReviewGround,
    SensitivityFlagged,
    Verification,
)
from recordgate_schemas.entry import (
    Coding,
    Element,
    ElementKind,
    Kind,
    Marker,
    Origin,
    Readiness,
    ThirdParty,
    Visibility,
)
from recordgate_schemas.reasons import Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.policy.decision import Decision, EntryContext, Integrity
from recordgate_streams.policy.facts import Facts, PatientSignal
from recordgate_streams.policy.rules.flags import MARKERS
from recordgate_streams.policy.settings import Ask, PolicySettings, Signal, Treatment
from tests.support.builders import (
    GRANT,
    NOW,
    OTHER_PRACTICE,
    PARTNER,
    PRACTICE,
    RULESET,
    access,
    case,
    decide,
    entry,
    facts,
    granted,
    hidden,
    historic,
    label,
    proxy_case,
    registered,
    reviewed,
    statements,
)

SETTINGS = RULESET.settings
STATED = "2025-06-03 08:00:00+00:00"
"""When the changes of the builders become effective."""
GIVEN = datetime.fromisoformat("2024-01-01T09:00:00+00:00")
TEXT = Element(ElementKind.FREE_TEXT, "/note")
LETTER = Element(ElementKind.ATTACHMENT, "/content")


def of_entry(**fields: Any) -> EntryContext:
    return case(entry=entry(**fields))


def patient(*stated: Any, **parts: Any) -> EntryContext:
    return case(facts=facts(*stated, **parts))


def opened(level: Level = Level.FULL, about: Any = None, **fields: Any) -> EntryContext:
    """An entry of a patient with this level, or this history."""
    return case(entry=entry(**fields), facts=facts(level=access(level, historic=about)))


def switched(**switches: Any) -> PolicySettings:
    return replace(SETTINGS, switches=replace(SETTINGS.switches, **switches))


def signalled(known: Facts, signal: Signal, **overrides: Any) -> EntryContext:
    at = NOW - timedelta(hours=1)
    signals = (
        PatientSignal(EntryId("another"), signal, at),
        PatientSignal(EntryId("one"), signal, GIVEN),
    )
    return case(facts=replace(known, signals=signals), **overrides)


def child(born: date, **grant: Any) -> EntryContext:
    given = (granted(**grant), GIVEN)
    return case(facts=facts(given, registration=registered(birth_date=born)), audience=PARTNER)


PARENTAL = PatientSignal(EntryId("another"), Signal.PARENTAL, NOW - timedelta(hours=1))
CARE_ORDER = facts((granted(), GIVEN)).with_signals({EntryId("another")}, (PARENTAL,))
NEEDS_ACCOUNT = replace(SETTINGS, switches=replace(SETTINGS.switches, needs_account=True))
UNREADABLE = case(facts=replace(facts(), unreadable_at=3))
NO_ACCOUNT = case(settings=NEEDS_ACCOUNT)

AUDIENCE_RULES: list[tuple[EntryContext, Reason, dict[str, str]]] = [
    (UNREADABLE, Reason.STATE_UNKNOWN, {"control": "one could not be read"}),
    (patient(registration=None), Reason.STATE_UNKNOWN, {"registration": "none known"}),
    (
        patient(registered(practice=OTHER_PRACTICE)),
        Reason.STATE_UNKNOWN,
        {"registration": "several begin the same day"},
    ),
    (patient(level=None), Reason.STATE_UNKNOWN, {"access_level": "none known"}),
    (
        patient(registration=registered(verification=Verification.UNVERIFIED)),
        Reason.IDENTITY,
        {"nhs_number": "unverified"},
    ),
    (patient(Died(None)), Reason.DECEASED, {}),
    (patient(NhsNumberChanged(NumberSide.OLD)), Reason.IDENTITY_CHANGE, {"nhs_number": "replaced"}),
    (patient(NhsNumberChanged(NumberSide.NEW)), Reason.IDENTITY_CHANGE, {"nhs_number": "new"}),
    (
        patient(registration=registered(registration=RegistrationKind.TEMPORARY)),
        Reason.NOT_REGISTERED,
        {"kind": "temporary"},
    ),
    (patient(AccessSuspended()), Reason.SUSPENDED, {"since": STATED}),
    (patient(SensitivityFlagged(flagged=True)), Reason.S_FLAG, {"since": STATED}),
    (patient(AccessDeclined()), Reason.DECLINED, {"latest_wish": "declined"}),
    (NO_ACCOUNT, Reason.NO_ACCOUNT, {"account": "none linked"}),
    (
        patient(registration=registered(birth_date=date(2010, 7, 2))),
        Reason.UNDER_16,
        {"turns_16": "2026-07-02"},
    ),
    (
        patient(
            registration=registered(birth_date=date(2013, 7, 2)),
            level=access(practice_grant_from=date(2024, 1, 1)),
        ),
        Reason.UNDER_13,
        {"turns_13": "2026-07-02"},
    ),
    (case(audience=PARTNER), Reason.PROXY_UNKNOWN, {}),
    (proxy_case(ProxyEnded(GRANT)), Reason.PROXY_ENDED, {"ended": "by a control"}),
    (
        proxy_case((granted(until=date(2025, 5, 1)), NOW)),
        Reason.PROXY_ENDED,
        {"until": "2025-05-01"},
    ),
    (child(date(2009, 1, 15)), Reason.PROXY_16, {"turned_16": "2025-01-15"}),
    (child(date(2012, 1, 15)), Reason.PROXY_AGE, {"child_turned": "13"}),
    (child(date(2014, 1, 15)), Reason.PROXY_AGE, {"child_turned": "11"}),
    (
        proxy_case((granted(granted_on=date(2020, 6, 1)), NOW)),
        Reason.PROXY_STALE,
        {"unused_until": "2025-06-01"},
    ),
    (
        proxy_case((granted(practice=OTHER_PRACTICE), NOW)),
        Reason.LEFT_PRACTICE,
        {"grant": OTHER_PRACTICE},
    ),
    (
        case(facts=CARE_ORDER, audience=PARTNER),
        Reason.PR_CHANGE,
        {"coded_at": STATED},
    ),
]

AFTER_104 = case(
    facts=facts(AccessReviewCoded(ReviewCode.NEEDED_104)), entry=entry(recorded_at=None)
)
VIEW_SUSPENDED = case(
    facts=facts(AccessReviewCoded(ReviewCode.NEEDED_104)),
    settings=switched(on_104_suspend_view=True),
)
MOVED_AWAY = registered(practice=OTHER_PRACTICE, registered_on=date(2024, 5, 1))

ENTRY_RULES: list[tuple[EntryContext, Reason, dict[str, str]]] = [
    (case(integrity=Integrity(conflict=True)), Reason.CONFLICT, {"version": "1"}),
    (
        case(integrity=Integrity(body_mismatch=True)),
        Reason.BODY_MISMATCH,
        {"body": "hash, elements or NOPAT label differ from the envelope"},
    ),
    (
        patient(MOVED_AWAY),
        Reason.LEFT_PRACTICE,
        {"entry": PRACTICE, "registered": OTHER_PRACTICE},
    ),
    (
        patient(Deregistered(PRACTICE, date(2025, 6, 1))),
        Reason.INACTIVE,
        {"left_on": "2025-06-01"},
    ),
    (
        patient(AreaSet(PRACTICE, Kind.CONSULTATION, shown=False)),
        Reason.AREA,
        {"area": "consultation", "set_for": "patient"},
    ),
    (
        case(
            settings=replace(
                SETTINGS,
                practices={},
                everywhere=replace(SETTINGS.everywhere, areas_off=frozenset({Kind.CONSULTATION})),
            )
        ),
        Reason.AREA,
        {"area": "consultation", "set_for": "practice"},
    ),
    (AFTER_104, Reason.ACCESS_REVIEW, {"code_104_at": STATED}),
    (VIEW_SUSPENDED, Reason.ACCESS_REVIEW, {"code_104_at": STATED}),
    (proxy_case(entry=entry(not_for_grants=(GRANT,))), Reason.SUBJECT_WISH, {}),
    (
        signalled(facts((granted(), GIVEN)), Signal.CHILD_SAFEGUARDING, audience=PARTNER),
        Reason.SAFEGUARDING,
        {"concern_at": STATED},
    ),
    (of_entry(recorded_at=None, event_date=None), Reason.DATE_UNKNOWN, {"recorded_at": "missing"}),
    (
        of_entry(recorded_at=NOW + timedelta(days=1)),
        Reason.FUTURE_DATED,
        {"recorded_at": "2025-06-04 09:00:00+00:00"},
    ),
    (
        of_entry(recorded_at=GIVEN.replace(year=2022)),
        Reason.HISTORIC,
        {"recorded": "2022-01-01", "start": "2023-10-31"},
    ),
    (
        of_entry(origin=Origin.TRANSFER),
        Reason.HISTORIC_IMPORT,
        {"recorded": "2025-06-02", "start": "2023-10-31"},
    ),
    (
        opened(about=historic(checked=False), recorded_at=GIVEN.replace(year=2022)),
        Reason.HISTORIC_CHECK,
        {"recorded": "2022-01-01", "start": "2023-10-31", "record_checked": "no"},
    ),
    (
        opened(about=historic(), origin=Origin.TRANSFER, hide_tags_trusted=False),
        Reason.HISTORIC_CHECK,
        {"recorded": "2025-06-02", "start": "2023-10-31", "hide_tags": "not trusted"},
    ),
    (
        of_entry(event_date=date(1998, 3, 1)),
        Reason.BACKDATED,
        {"event_date": "1998-03-01", "start": "2023-10-31"},
    ),
    (opened(Level.NONE), Reason.LEVEL_NONE, {"level": "none"}),
    (opened(Level.SUMMARY), Reason.LEVEL, {"level": "summary", "needs": "detailed"}),
    (
        opened(Level.DETAILED, elements=(TEXT,)),
        Reason.FREE_TEXT_DROPPED,
        {"level": "detailed"},
    ),
    (
        opened(Level.DETAILED, elements=(LETTER,)),
        Reason.ATTACHMENT_DROPPED,
        {"level": "detailed"},
    ),
    (of_entry(labels=label("NOPAT")), Reason.SOURCE_NOPAT, {"by": "a label"}),
    (
        of_entry(online_visibility=Visibility.HIDDEN),
        Reason.SOURCE_HIDE,
        {"by": "its online visibility"},
    ),
    (
        case(statements=statements(hidden(HideCause.WRONG_PATIENT))),
        Reason.WRONG_PATIENT,
        {"by": "a hide control"},
    ),
    (
        case(integrity=Integrity(gone_at_source=True)),
        Reason.GONE_AT_SOURCE,
        {"snapshot": "does not list it"},
    ),
    (of_entry(kind=Kind.DIARY), Reason.RESOURCE_EXCLUDED, {"kind": "diary"}),
    (of_entry(kind=Kind.ADMIN_TASK), Reason.ADMIN, {"kind": "admin_task"}),
    (of_entry(kind=Kind.ACCESS_CODE), Reason.ACCESS_CODE, {"kind": "access_code"}),
    (of_entry(kind=Kind.UNKNOWN), Reason.UNKNOWN_KIND, {"kind": "unknown"}),
    (of_entry(readiness=Readiness.DRAFT), Reason.DRAFT, {"readiness": "draft"}),
    (of_entry(readiness=Readiness.IN_ERROR), Reason.IN_ERROR, {"readiness": "in_error"}),
    (of_entry(readiness=Readiness.UNKNOWN), Reason.UNKNOWN_READINESS, {"readiness": "unknown"}),
    (
        case(
            entry=entry(markers=(Marker.ABNORMAL,)),
            settings=replace(SETTINGS, numbers=replace(SETTINGS.numbers, abnormal_delay_days=3)),
        ),
        Reason.DELAYED,
        {"delay_days": "3"},
    ),
    (of_entry(labels=label("NEW")), Reason.UNKNOWN_LABEL, {"label": "on no list"}),
    (of_entry(labels=label("V")), Reason.CONF, {"label": "V"}),
    (
        case(
            entry=entry(codes=(Coding("any", "7"),)),
            settings=replace(
                SETTINGS,
                codes={"7": (Treatment("the set", Reason.SAFEGUARDING, Ask.HOLD, Ask.HOLD),)},
            ),
        ),
        Reason.SAFEGUARDING,
        {"code": "7", "set": "the set"},
    ),
    (of_entry(staff_private=True), Reason.STAFF_PRIVATE, {"online_visibility": "unset"}),
    (
        of_entry(online_visibility=Visibility.UNKNOWN),
        Reason.UNKNOWN_FLAG,
        {"online_visibility": "unknown"},
    ),
    (
        of_entry(third_party=ThirdParty.PRESENT),
        Reason.THIRD_PARTY,
        {"third_party": "present"},
    ),
    (of_entry(markers=(Marker.COURT,)), Reason.COURT, {"marker": "court"}),
    (
        case(integrity=Integrity(text_hint=True), settings=switched(text_hints=True)),
        Reason.TEXT_HINT,
        {"hint": "in the text"},
    ),
]
THEN = "2025-06-03T08:00:00+00:00"
HARM: Any = {
    "action": ReviewAction.WITHHOLD,
    "ground": ReviewGround.SERIOUS_HARM,
    "clinician_opinion_on": date(2024, 11, 1),
}
REVIEWS: list[tuple[EntryContext, Reason, dict[str, str]]] = [
    (
        case(statements=statements(reviewed(action=ReviewAction.WITHHOLD))),
        Reason.REVIEWED,
        {"reviewed_at": THEN, "ground": "checked"},
    ),
    (
        case(statements=statements(reviewed(action=ReviewAction.WITHHOLD, entry_version=2))),
        Reason.REVIEWED,
        {"reviewed_at": THEN, "ground": "checked", "amended": "since the review"},
    ),
    (
        case(statements=statements((reviewed(**HARM), datetime(2025, 4, 1, tzinfo=UTC)))),
        Reason.OPINION_STALE,
        {"opinion_on": "2024-11-01", "stale_since": "2025-05-01"},
    ),
]


def facts_behind(decision: Decision, reason: Reason) -> list[dict[str, str]]:
    return [dict(o.because) for o in decision.objections if o.reason is reason]


@pytest.mark.parametrize(("context", "reason", "because"), AUDIENCE_RULES + ENTRY_RULES + REVIEWS)
def test_a_reason_names_the_facts_behind_it(
    context: EntryContext, reason: Reason, because: dict[str, str]
) -> None:
    assert facts_behind(decide(context), reason) == [because]


def test_every_reason_that_a_rule_can_give_is_in_the_table() -> None:
    listed = {reason for _, reason, _ in AUDIENCE_RULES + ENTRY_RULES + REVIEWS}
    by_tables = {Reason.NOT_FILED, Reason.NOT_REVIEWED, Reason.IN_TRANSIT, Reason.PARTIAL}
    by_tables |= {Reason.MISFILED, Reason.ORIGINATOR, Reason.PROXY_SENSITIVE}
    elsewhere = {Reason.LINKED, Reason.POINTERS_DROPPED, Reason.RULE_CHANGE, Reason.ENGINE_ERROR}
    assert set(Reason) - listed == by_tables | elsewhere


def test_a_marker_that_no_table_lists_is_an_unknown_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = of_entry(markers=tuple(Marker))
    assert facts_behind(decide(marked), Reason.UNKNOWN_FLAG) == [{"marker": "unknown"}]
    monkeypatch.delitem(MARKERS, Marker.COMPLAINT)
    unlisted = of_entry(markers=(Marker.COMPLAINT, Marker.COURT))
    decision = decide(unlisted)
    assert facts_behind(decision, Reason.UNKNOWN_FLAG) == [{"marker": "on no list"}]
    assert facts_behind(decision, Reason.COURT) == [{"marker": "court"}]
