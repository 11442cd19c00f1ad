"""What a reviewer is told: for each reason against an entry, the facts that it names; these and no others."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    AccessReviewCoded,
    AreaSet,
    Deregistered,
    HideCause,
    Level,
    ReviewAction,
    ReviewCode,
    ReviewGround,
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
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.cascade import Relative, Root, reach
from recordgate_streams.decider.decide import decide, with_pointers
from recordgate_streams.policy.decision import Case, Integrity, Objection
from recordgate_streams.policy.facts import Facts, Said
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
    entry,
    facts,
    granted,
    hidden,
    historic,
    label,
    marks,
    proxy_case,
    registered,
    reviewed,
)
from tests.unit.streams.test_policy_because import STANDING, told

SETTINGS = RULESET.settings
SAID = "2025-06-03 08:00:00+00:00"
"""When the builders say what they say."""
GIVEN = datetime.fromisoformat("2024-01-01T09:00:00+00:00")
TEXT = Element(ElementKind.FREE_TEXT, "/note")
LETTER = Element(ElementKind.ATTACHMENT, "/content")


def said_of_e0(**fields: Any) -> Case:
    return case(entry=entry(**fields))


def patient(*said: Any, **parts: Any) -> Case:
    return case(facts=facts(*said, **parts))


def opened(level: Level = Level.FULL, about: Any = None, **fields: Any) -> Case:
    """An entry of a patient with this level, or this history."""
    return case(entry=entry(**fields), facts=facts(level=access(level, historic=about)))


def switched(**switches: Any) -> PolicySettings:
    return replace(SETTINGS, switches=replace(SETTINGS.switches, **switches))


def signalled(known: Facts, signal: Signal, **overrides: Any) -> Case:
    at = NOW - timedelta(hours=1)
    said = Said(EntryId("another"), signal, at), Said(EntryId("one"), signal, GIVEN)
    return case(facts=replace(known, signals=said), **overrides)


AFTER_104 = case(
    facts=facts(AccessReviewCoded(ReviewCode.NEEDED_104)), entry=entry(recorded_at=None)
)
VIEW_SUSPENDED = case(
    facts=facts(AccessReviewCoded(ReviewCode.NEEDED_104)),
    settings=switched(on_104_suspend_view=True),
)
MOVED_AWAY = registered(practice=OTHER_PRACTICE, registered_on=date(2024, 5, 1))

CONTENT: list[tuple[Case, Reason, dict[str, str]]] = [
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
    (AFTER_104, Reason.ACCESS_REVIEW, {"code_104_at": SAID}),
    (VIEW_SUSPENDED, Reason.ACCESS_REVIEW, {"code_104_at": SAID}),
    (proxy_case(entry=entry(not_for_grants=(GRANT,))), Reason.SUBJECT_WISH, {}),
    (
        signalled(facts((granted(), GIVEN)), Signal.CHILD_SAFEGUARDING, audience=PARTNER),
        Reason.SAFEGUARDING,
        {"concern_at": SAID},
    ),
    (said_of_e0(recorded_at=None), Reason.DATE_UNKNOWN, {"recorded_at": "missing"}),
    (
        said_of_e0(recorded_at=NOW + timedelta(days=1)),
        Reason.FUTURE_DATED,
        {"recorded_at": "2025-06-04 09:00:00+00:00"},
    ),
    (
        said_of_e0(recorded_at=GIVEN.replace(year=2022)),
        Reason.HISTORIC,
        {"recorded": "2022-01-01", "start": "2023-10-31"},
    ),
    (
        said_of_e0(origin=Origin.TRANSFER),
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
        said_of_e0(event_date=date(1998, 3, 1)),
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
    (said_of_e0(labels=label("NOPAT")), Reason.SOURCE_NOPAT, {"by": "a label"}),
    (
        said_of_e0(online_visibility=Visibility.HIDDEN),
        Reason.SOURCE_HIDE,
        {"by": "its online visibility"},
    ),
    (
        case(marks=marks(hidden(HideCause.WRONG_PATIENT))),
        Reason.WRONG_PATIENT,
        {"by": "a hide control"},
    ),
    (
        case(integrity=Integrity(gone_at_source=True)),
        Reason.GONE_AT_SOURCE,
        {"snapshot": "does not list it"},
    ),
    (said_of_e0(kind=Kind.DIARY), Reason.RESOURCE_EXCLUDED, {"kind": "diary"}),
    (said_of_e0(kind=Kind.ADMIN_TASK), Reason.ADMIN, {"kind": "admin_task"}),
    (said_of_e0(kind=Kind.ACCESS_CODE), Reason.ACCESS_CODE, {"kind": "access_code"}),
    (said_of_e0(kind=Kind.UNKNOWN), Reason.UNKNOWN_KIND, {"kind": "unknown"}),
    (said_of_e0(readiness=Readiness.DRAFT), Reason.DRAFT, {"readiness": "draft"}),
    (said_of_e0(readiness=Readiness.IN_ERROR), Reason.IN_ERROR, {"readiness": "in_error"}),
    (said_of_e0(readiness=Readiness.UNKNOWN), Reason.UNKNOWN_READINESS, {"readiness": "unknown"}),
    (
        case(
            entry=entry(markers=(Marker.ABNORMAL,)),
            settings=replace(SETTINGS, numbers=replace(SETTINGS.numbers, abnormal_delay_days=3)),
        ),
        Reason.DELAYED,
        {"delay_days": "3"},
    ),
    (said_of_e0(labels=label("NEW")), Reason.UNKNOWN_LABEL, {"label": "on no list"}),
    (said_of_e0(labels=label("V")), Reason.CONF, {"label": "V"}),
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
    (said_of_e0(staff_private=True), Reason.STAFF_PRIVATE, {"online_visibility": "unset"}),
    (
        said_of_e0(online_visibility=Visibility.UNKNOWN),
        Reason.UNKNOWN_FLAG,
        {"online_visibility": "unknown"},
    ),
    (
        said_of_e0(third_party=ThirdParty.PRESENT),
        Reason.THIRD_PARTY,
        {"third_party": "present"},
    ),
    (said_of_e0(markers=(Marker.COURT,)), Reason.COURT, {"marker": "court"}),
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
REVIEWS: list[tuple[Case, Reason, dict[str, str]]] = [
    (
        case(marks=marks(reviewed(action=ReviewAction.WITHHOLD))),
        Reason.REVIEWED,
        {"reviewed_at": THEN, "ground": "checked"},
    ),
    (
        case(marks=marks(reviewed(action=ReviewAction.WITHHOLD, entry_version=2))),
        Reason.REVIEWED,
        {"reviewed_at": THEN, "ground": "checked", "amended": "since the review"},
    ),
    (
        case(marks=marks(reviewed(**HARM))),
        Reason.OPINION_STALE,
        {"opinion_on": "2024-11-01", "stale_since": "2025-05-01"},
    ),
]


@pytest.mark.parametrize(("asked", "reason", "because"), CONTENT + REVIEWS)
def test_a_reason_says_what_it_rests_on(
    asked: Case, reason: Reason, because: dict[str, str]
) -> None:
    assert told(decide(asked, RULESET.hash), reason) == [because]


def test_every_reason_that_a_rule_can_give_is_in_the_table() -> None:
    listed = {reason for _, reason, _ in STANDING + CONTENT + REVIEWS}
    by_tables = {Reason.NOT_FILED, Reason.NOT_REVIEWED, Reason.IN_TRANSIT, Reason.PARTIAL}
    by_tables |= {Reason.MISFILED, Reason.ORIGINATOR, Reason.PROXY_SENSITIVE}
    elsewhere = {Reason.LINKED, Reason.POINTERS_DROPPED, Reason.RULE_CHANGE, Reason.ENGINE_ERROR}
    assert set(Reason) - listed == by_tables | elsewhere


def test_a_marker_that_no_table_lists_is_an_unknown_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = said_of_e0(markers=tuple(Marker))
    assert told(decide(marked, RULESET.hash), Reason.UNKNOWN_FLAG) == [{"marker": "unknown"}]
    monkeypatch.delitem(MARKERS, Marker.COMPLAINT)
    unlisted = said_of_e0(markers=(Marker.COMPLAINT, Marker.COURT))
    decision = decide(unlisted, RULESET.hash)
    assert told(decision, Reason.UNKNOWN_FLAG) == [{"marker": "on no list"}]
    assert told(decision, Reason.COURT) == [{"marker": "court"}]


def test_dropped_pointers_are_counted() -> None:
    decision = with_pointers(decide(case(), RULESET.hash), ("/a", "/b"))
    assert told(decision, Reason.POINTERS_DROPPED) == [{"pointers": "2"}]
    assert decision.pointers == ("/a", "/b")


def test_a_relative_says_why_it_is_taken_along_or_looked_at() -> None:
    child, report, root = EntryId("child"), EntryId("report"), EntryId("root")
    links = {
        child: (("part_of", root),),
        report: (),
        root: (("result_of", report),),
    }
    relatives = [_relative(name, said) for name, said in links.items()]
    found = reach(relatives, {root: Root(Reason.SOURCE_NOPAT, Outcome.WITHHELD)})
    taken = Objection(
        Reason.SOURCE_NOPAT, Outcome.WITHHELD, {"relative": "taken along by a relative"}
    )
    revealing = Objection(Reason.LINKED, Outcome.HELD, {"relative": "would reveal one"})
    assert found == {child: (taken,), report: (revealing,)}


def _relative(name: EntryId, links: Any) -> Relative:
    return Relative(name, links, has_text=False, conflict=False)
