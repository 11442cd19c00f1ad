"""What an arriving version is beside the known one, and which entry counts after it."""

from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from recordgate_schemas.entry import (
    Coding,
    Element,
    ElementKind,
    Kind,
    Link,
    Marker,
    Origin,
    Readiness,
    Relation,
    ThirdParty,
    Visibility,
)
from recordgate_schemas.values import EntryId, GrantId
from recordgate_streams.decider.accept import GREATER, Arrival, accept, merge
from recordgate_streams.decider.accept import UNITED as JOINED
from recordgate_streams.decider.record import AcceptedEntry
from recordgate_streams.policy.decision import Integrity
from tests.support.builders import NOW, OTHER_PRACTICE, PRACTICE, RECORDED, accepted, entry, label

E1 = EntryId("e1")

TABLE = [
    # who arrives                          what is stored   what arrives                   is
    ("a first version", None, {}, Arrival.ACCEPTED),
    ("a higher version", {}, {"version": 2}, Arrival.ACCEPTED),
    ("a lower version", {"version": 3}, {"version": 2}, Arrival.SUPERSEDED),
    ("the same again", {}, {}, Arrival.DUPLICATE),
    ("the same, extracted later", {}, {"extracted_at": NOW}, Arrival.DUPLICATE),
    ("the same version, other body", {}, {"body": b"{}"}, Arrival.SUPERSEDED),
    ("the same version, other kind", {}, {"kind": Kind.PROBLEM}, Arrival.SUPERSEDED),
    ("the same version, a label more", {}, {"labels": label("V")}, Arrival.SUPERSEDED),
    ("an old version, other body", {"version": 2}, {"body": b"{}"}, Arrival.SUPERSEDED),
]


@pytest.mark.parametrize(
    ("known", "new", "arrival"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE]
)
def test_an_arrival_is(known: Any, new: Any, arrival: Arrival) -> None:
    before = None if known is None else accepted(entry(**known))
    assert accept(before, accepted(entry(**new)))[0] is arrival


def test_an_envelope_loaded_without_its_body_is_still_recognised_when_it_is_repeated() -> None:
    without_body = accepted(entry(body_sha256=entry().body_sha256, body=b""))
    assert accept(without_body, accepted()) == (Arrival.DUPLICATE, without_body)


def test_merging_two_contents_gives_the_same_entry_in_either_order() -> None:
    one, other = entry(labels=label("V")), entry(kind=Kind.PROBLEM, extracted_at=NOW)
    assert merge(one, other) == merge(other, one)
    assert (merge(one, other).extracted_at, merge(one, one)) == (NOW, one)


STRICTER: list[tuple[str, Any, Any]] = [
    # field, looser, stricter or greater
    ("practice", PRACTICE, OTHER_PRACTICE),
    ("system", "emis", "tpp"),
    ("kind", Kind.CONSULTATION, Kind.PROBLEM),
    ("event_date", date(2025, 6, 1), date(2025, 6, 2)),
    ("event_date", None, date(2025, 6, 2)),
    ("available_at", RECORDED, NOW),
    ("available_at", None, NOW),
    ("recorded_at", RECORDED, NOW),
    ("recorded_at", RECORDED, None),
    ("origin", Origin.LOCAL, Origin.TRANSFER),
    ("body_type", "application/fhir+json", "text/plain"),
    ("readiness", Readiness.IN_ERROR, Readiness.FINAL),
    ("online_visibility", Visibility.UNKNOWN, Visibility.HIDDEN),
    ("online_visibility", Visibility.UNSET, Visibility.UNKNOWN),
    ("online_visibility", Visibility.SHOWN, Visibility.UNSET),
    ("third_party", ThirdParty.UNKNOWN, ThirdParty.PRESENT),
    ("third_party", ThirdParty.CLINICIAN_ONLY, ThirdParty.UNKNOWN),
    ("third_party", ThirdParty.NONE, ThirdParty.CLINICIAN_ONLY),
    ("staff_private", False, True),
    ("hide_tags_trusted", True, False),
]


@pytest.mark.parametrize(("field", "loose", "strict"), STRICTER)
def test_of_two_contents_the_greater_or_stricter_value_of_a_field_counts(
    field: str, loose: Any, strict: Any
) -> None:
    one, other = entry(**{field: loose}), entry(**{field: strict})
    assert getattr(merge(one, other), field) == strict
    assert merge(one, other) == merge(other, one)


UNITED: list[tuple[str, Any, Any]] = [
    ("labels", label("R"), label("V")),
    ("codes", (Coding("any", "1"),), (Coding("any", "2"),)),
    ("markers", (Marker.COURT,), (Marker.ABNORMAL,)),
    ("not_for_grants", (GrantId("g1"),), (GrantId("g2"),)),
    ("links", (Link(E1, Relation.PART_OF),), (Link(E1, Relation.RESULT_OF),)),
    (
        "elements",
        (Element(ElementKind.FREE_TEXT, "/a"),),
        (Element(ElementKind.FREE_TEXT, "/b"),),
    ),
]


@pytest.mark.parametrize(("field", "ours", "theirs"), UNITED)
def test_of_two_contents_the_lists_are_joined(field: str, ours: Any, theirs: Any) -> None:
    one, other = entry(**{field: ours}), entry(**{field: theirs})
    assert set(getattr(merge(one, other), field)) == {*ours, *theirs}
    assert merge(one, other) == merge(other, one)


def test_every_field_that_is_joined_has_a_case() -> None:
    assert {*GREATER} <= {field for field, *_ in STRICTER}
    assert {*JOINED} == {field for field, *_ in UNITED}


def test_a_higher_version_replaces_the_known_one_with_its_flaws() -> None:
    flawed, higher = accepted(conflict=True, body_mismatch=True), accepted(entry(version=2))
    assert accept(flawed, higher) == (Arrival.ACCEPTED, higher)


def test_a_lower_version_leaves_the_known_one_as_it_is() -> None:
    known, lower = accepted(entry(version=2)), accepted(entry(labels=label("V")), conflict=True)
    assert accept(known, lower) == (Arrival.SUPERSEDED, known)


def test_two_contents_of_one_version_are_in_conflict_until_a_higher_version_comes() -> None:
    conflicting = after(accepted(), accepted(entry(kind=Kind.PROBLEM)))
    assert conflicting.integrity == Integrity(conflict=True)
    assert after(conflicting, accepted()).integrity.conflict
    assert after(conflicting, accepted(entry(version=2))).integrity == Integrity()


def test_a_version_that_arrives_with_a_right_and_a_wrong_body_is_in_conflict() -> None:
    right, wrong = accepted(), accepted(body_mismatch=True)
    both_flaws = Integrity(conflict=True, body_mismatch=True)
    for first, second in permutations((right, wrong)):
        arrival, found = accept(first, second)
        assert (arrival, found.integrity) == (Arrival.SUPERSEDED, both_flaws)
        assert accept(found, second) == (Arrival.DUPLICATE, found)


@pytest.mark.parametrize(("gone_earlier", "gone_later"), [(True, False), (False, True)])
def test_the_later_extraction_says_whether_the_entry_is_gone_at_its_source(
    *, gone_earlier: bool, gone_later: bool
) -> None:
    earlier = accepted(gone_at_source=gone_earlier)
    later = accepted(entry(extracted_at=NOW), gone_at_source=gone_later)
    for first, second in permutations((earlier, later)):
        assert after(first, second).integrity.gone_at_source is gone_later


def test_a_hint_found_in_either_text_stays() -> None:
    for first, second in permutations((accepted(), accepted(text_hint=True))):
        assert after(first, second).integrity.text_hint


def test_the_known_version_keeps_its_source() -> None:
    known, again = accepted(), replace(accepted(), source=replace(accepted().source, offset=7))
    assert after(known, again).source == known.source


VARIANTS = [
    accepted(),
    accepted(entry(labels=label("V"), extracted_at=NOW)),
    accepted(entry(kind=Kind.PROBLEM, body=b"{}")),
    accepted(body_mismatch=True),
]


def test_arrivals_of_one_version_come_to_the_same_in_every_order() -> None:
    found = [after(*order) for order in permutations(VARIANTS)]
    assert all(one == found[0] for one in found)


def after(*arrivals: AcceptedEntry) -> AcceptedEntry:
    """What counts once all of these have arrived."""
    known = arrivals[0]
    for arrival in arrivals[1:]:
        _, known = accept(known, arrival)
    return known


def test_of_one_content_extracted_twice_the_later_extraction_counts() -> None:
    earlier, later = entry(), entry(extracted_at=NOW)
    assert earlier.extracted_at < NOW
    assert merge(earlier, later).extracted_at == merge(later, earlier).extracted_at == NOW
