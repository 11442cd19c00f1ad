"""What kind, readiness, dates, links and elements an entry gets."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from recordgate_schemas.entry import (
    ElementKind,
    Kind,
    Marker,
    Origin,
    Readiness,
    Relation,
    ThirdParty,
)
from tests.unit.producers.bundles import (
    AT,
    GPC,
    bundle,
    encounter,
    entry,
    hide_roots,
    listing,
    observation,
    read,
    ref,
    thing,
)

SNOMED = "http://snomed.info/sct"


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (encounter("x"), Kind.CONSULTATION),
        (thing("Condition", "x"), Kind.PROBLEM),
        (thing("MedicationRequest", "x"), Kind.MEDICATION),
        (thing("MedicationStatement", "x"), Kind.MEDICATION),
        (thing("AllergyIntolerance", "x"), Kind.ALLERGY),
        (thing("Immunization", "x"), Kind.IMMUNISATION),
        (observation("x"), Kind.OBSERVATION),
        (observation("x", specimen=ref("Specimen/s")), Kind.TEST_RESULT),
        (observation("x", category=[{"coding": [{"code": "laboratory"}]}]), Kind.TEST_RESULT),
        (observation("x", component=[{"code": {}}]), Kind.BATTERY),
        (observation("x", hasMember=[ref("Observation/y")]), Kind.BATTERY),
        (observation("x", hasMember=[ref("Observation/y")], specimen=ref("Specimen/s")), Kind.TEST_GROUP),
        (thing("DiagnosticReport", "x"), Kind.REPORT),
        (thing("DocumentReference", "x"), Kind.DOCUMENT),
        (thing("ReferralRequest", "x"), Kind.REFERRAL),
        (thing("ProcedureRequest", "x", intent="order"), Kind.REFERRAL),
        (thing("ProcedureRequest", "x", intent="plan"), Kind.DIARY),
        (thing("ServiceRequest", "x", intent="plan"), Kind.DIARY),
        (listing("x"), Kind.LIST),
        (thing("Task", "x"), Kind.ADMIN_TASK),
        (thing("Procedure", "x"), Kind.OBSERVATION),
        (thing("QuestionnaireResponse", "x"), Kind.OBSERVATION),
        (thing("NeverHeardOf", "x"), Kind.UNKNOWN),
        (observation("x", code={"coding": [{"system": SNOMED, "code": "1364731000000104"}]}), Kind.ACCESS_CODE),
        (thing("Condition", "x", code={"coding": [{"system": SNOMED, "code": "1290331000000103"}]}), Kind.ACCESS_CODE),
    ],
)  # fmt: skip
def test_kind(resource: dict[str, Any], kind: Kind) -> None:
    assert kind == entry(read(resource), f"{resource['resourceType']}/x").kind


R = Readiness


@pytest.mark.parametrize(
    ("kind", "status", "gpc", "expected"),
    [
        ("Encounter", "finished", True, R.FINAL),
        ("Encounter", "unknown", True, R.DRAFT),
        ("Encounter", "in-progress", False, R.DRAFT),
        ("Encounter", "cancelled", True, R.IN_ERROR),
        ("Encounter", "entered-in-error", True, R.IN_ERROR),
        ("Observation", "final", False, R.FINAL),
        ("Observation", "preliminary", True, R.UNFILED),
        ("Observation", "unknown", False, R.UNFILED),
        ("DiagnosticReport", "final", False, R.FILED),
        ("DiagnosticReport", "registered", True, R.UNFILED),
        ("DiagnosticReport", "unknown", True, R.FILED),
        ("DiagnosticReport", "unknown", False, R.UNFILED),
        ("DiagnosticReport", "partial", True, R.PARTIAL),
        ("DocumentReference", "current", True, R.REVIEWED),
        ("DocumentReference", "current", False, R.UNREVIEWED),
        ("DocumentReference", "superseded", True, R.IN_ERROR),
        ("DocumentReference", "superseded", False, R.IN_ERROR),
        ("DocumentReference", "entered-in-error", False, R.IN_ERROR),
        ("Observation", "cancelled", False, R.IN_ERROR),
        ("Observation", "cancelled", True, R.IN_ERROR),
        ("Observation", "registered", False, R.UNFILED),
        ("DiagnosticReport", "cancelled", False, R.IN_ERROR),
        ("DiagnosticReport", "registered", False, R.UNFILED),
        ("MedicationRequest", "active", True, R.FINAL),
        ("MedicationRequest", "draft", True, R.DRAFT),
        ("MedicationRequest", None, True, R.UNKNOWN),
        ("MedicationStatement", "stopped", False, R.FINAL),
        ("ReferralRequest", "unknown", True, R.FINAL),
        ("ReferralRequest", "unknown", False, R.DRAFT),
        ("Immunization", "completed", False, R.FINAL),
        ("Condition", None, False, R.FINAL),
        ("Task", "requested", True, R.UNKNOWN),
        ("NeverHeardOf", "final", True, R.UNKNOWN),
        ("Observation", "brand-new-status", True, R.UNKNOWN),
    ],
)
def test_readiness(kind: str, status: str | None, *, gpc: bool, expected: Readiness) -> None:
    meta = {"profile": [GPC]} if gpc else None
    record = read(thing(kind, "x", status=status, meta=meta))
    assert expected == entry(record, f"{kind}/x").readiness


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"clinicalStatus": "active", "verificationStatus": "confirmed"}, R.FINAL),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, R.FINAL),
        ({"verificationStatus": "entered-in-error"}, R.IN_ERROR),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}, R.IN_ERROR),
        ({"clinicalStatus": "brand-new"}, R.UNKNOWN),
        ({"clinicalStatus": "active", "modifierExtension": [{"url": "not"}]}, R.UNKNOWN),
    ],
)
def test_readiness_of_a_problem(fields: dict[str, Any], expected: Readiness) -> None:
    assert expected == entry(read(thing("Condition", "x", **fields)), "Condition/x").readiness


def test_a_document_not_looked_at_yet_is_unreviewed() -> None:
    letter = thing("DocumentReference", "x", status="current", docStatus="preliminary")
    assert R.UNREVIEWED is entry(read(letter), "DocumentReference/x").readiness


@pytest.mark.parametrize("stage", [None, "final", "amended", "preliminary", "brand-new"])
def test_a_letter_that_another_has_replaced_waits_for_nobody(stage: str | None) -> None:
    letter = thing("DocumentReference", "x", status="superseded", docStatus=stage)
    record = read(letter)
    assert R.IN_ERROR is entry(record, "DocumentReference/x").readiness
    assert set(hide_roots(record)) == {"DocumentReference/x"}


def test_a_letter_that_does_not_say_whether_it_was_reviewed_tells_its_supplier() -> None:
    record = read(
        thing("DocumentReference", "silent", status="current"),
        thing("DocumentReference", "stated", status="current", docStatus="final"),
        thing("DocumentReference", "gpc", status="current", meta={"profile": [GPC]}),
    )
    assert [one.text for one in record.notices] == [
        "does not say whether it was reviewed; not shown until docStatus says so"
    ]


@pytest.mark.parametrize("words", [{"conclusion": "Sodium normal."}, {}])
def test_a_cancelled_result_spares_its_report_and_the_other_results(words: dict[str, str]) -> None:
    report = thing(
        "DiagnosticReport",
        "r",
        status="final",
        result=[ref("Observation/cancelled"), ref("Observation/other")],
        **words,
    )
    record = read(report, observation("cancelled", status="cancelled"), observation("other"))
    found = {one.entry_id.split("/")[1]: one.readiness for one in record.entries}
    assert found == {"r": R.FILED, "cancelled": R.IN_ERROR, "other": R.FILED}


def test_what_a_cancelled_report_lists_is_understood_by_nobody() -> None:
    report = thing("DiagnosticReport", "r", status="cancelled", result=[ref("Observation/a")])
    record = read(report, observation("a"), observation("b"))
    found = {one.entry_id.split("/")[1]: one.readiness for one in record.entries}
    assert found == {"r": R.IN_ERROR, "a": R.UNKNOWN, "b": R.FINAL}


def test_what_contains_something_cancelled_is_not_cancelled_itself() -> None:
    inside = {"resourceType": "Observation", "id": "c", "status": "cancelled", "code": {}}
    report = thing("DiagnosticReport", "r", status="final", contained=[inside], result=[ref("#c")])
    assert R.UNKNOWN is entry(read(report), "DiagnosticReport/r").readiness


def test_an_entry_states_its_own_readiness_whatever_its_relatives_are() -> None:
    record = read(
        encounter("e", status="unknown"),
        thing("DiagnosticReport", "r", status="final", result=[ref("Observation/b")]),
        observation("b", status="preliminary", context=ref("Encounter/e")),
        observation("a", context=ref("Encounter/e")),
    )
    found = {one.entry_id.split("/")[1]: one.readiness for one in record.entries}
    assert found == {"e": R.DRAFT, "b": R.UNFILED, "a": R.FINAL, "r": R.FILED}


@pytest.mark.parametrize(
    ("written", "recorded", "event"),
    [
        ("2026-03-02T09:00:00+00:00", datetime(2026, 3, 2, 9, tzinfo=UTC), date(2026, 3, 2)),
        ("2026-07-01T00:30:00+01:00", datetime(2026, 6, 30, 23, 30, tzinfo=UTC), date(2026, 7, 1)),
        ("2026-07-01T10:00:00", datetime(2026, 7, 1, 9, tzinfo=UTC), date(2026, 7, 1)),
        ("2026-07-01", datetime(2026, 6, 30, 23, tzinfo=UTC), date(2026, 7, 1)),
        ("2019-05", datetime(2019, 4, 30, 23, tzinfo=UTC), date(2019, 5, 1)),
        ("2019", datetime(2019, 1, 1, tzinfo=UTC), date(2019, 1, 1)),
    ],
)
def test_dates_whole_partial_and_without_a_zone(
    written: str, recorded: datetime, event: date
) -> None:
    found = entry(
        read(observation("x", issued=written, effectiveDateTime=written)), "Observation/x"
    )
    assert (recorded, event) == (found.recorded_at, found.event_date)


@pytest.mark.parametrize(
    "wrong", ["19", "2019-13", "2019-02-30", "yesterday", "9999-12-31T23:59:59-12:00", "0001-01-01"]
)
def test_a_malformed_date_keeps_the_entry_without_it_and_says_so(wrong: str) -> None:
    record = read(thing("AllergyIntolerance", "x", onsetDateTime=wrong, assertedDate=AT))
    assert entry(record, "AllergyIntolerance/x").event_date is None
    assert [one.text for one in record.notices] == [
        "onsetDateTime: not a date; published without it"
    ]


def test_an_entry_without_a_date_takes_its_consultations_and_else_none() -> None:
    entered = "2026-03-05T10:00:00+00:00"
    record = read(
        encounter("e"),
        listing("l", encounter=ref("Encounter/e")) | {"date": entered},
        thing("Procedure", "in", status="completed", context=ref("Encounter/e"), performedDateTime="2001-01-01"),
        thing("Procedure", "out", status="completed"),
    )  # fmt: skip
    when = datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert when == entry(record, "Encounter/e").recorded_at
    assert when == entry(record, "Procedure/in").recorded_at
    assert date(2001, 1, 1) == entry(record, "Procedure/in").event_date
    assert entry(record, "Procedure/out").recorded_at is None


def written(at: str) -> dict[str, Any]:
    """Something of 2 March that was last written at an instant."""
    return thing("Procedure", "x", performedDateTime="2026-03-02", meta={"lastUpdated": at})


@pytest.mark.parametrize(
    ("resource", "event"),
    [
        (thing("Condition", "x", onsetDateTime="2026-03-02"), date(2026, 3, 2)),
        (thing("Condition", "x", onsetPeriod={"start": "2026-03"}), date(2026, 3, 1)),
        (thing("Condition", "x", onsetPeriod={"end": "2026-03-02"}), None),
        (thing("Procedure", "x", performedDateTime="2026-03-02"), date(2026, 3, 2)),
        (thing("Procedure", "x", performedDateTime="2026-03-02T05:00:00+14:00"), date(2026, 3, 1)),
        (observation("x", issued=None, effectiveDateTime="2026-03-02"), date(2026, 3, 2)),
        (thing("DiagnosticReport", "x", effectiveDateTime="2026-03-02"), date(2026, 3, 2)),
        (written("2026-03-02T23:30:00Z"), date(2026, 3, 2)),
        # what had been written before its date cannot have happened when it was recorded
        (written("2026-03-01T23:30:00Z"), None),
        (written("2020-01-01T00:00:00Z"), None),
    ],
)  # fmt: skip
def test_without_a_day_of_recording_only_what_has_happened_is_an_event(
    resource: dict[str, Any], event: date | None
) -> None:
    found = entry(read(resource), f"{resource['resourceType']}/x")
    assert (found.recorded_at, found.event_date) == (None, event)


def test_with_a_day_of_recording_the_event_stays_whatever_it_is() -> None:
    plan = thing("CarePlan", "x", status="active", created=AT, period={"start": "2027-01-01"})
    assert date(2027, 1, 1) == entry(read(plan), "CarePlan/x").event_date
    late = observation("x", effectiveDateTime=AT, meta={"lastUpdated": "2020-01-01T00:00:00Z"})
    assert date(2026, 3, 2) == entry(read(late), "Observation/x").event_date


@pytest.mark.parametrize("field", ["timestamp", "lastUpdated", "provenance"])
def test_the_time_of_a_message_a_change_or_a_provenance_is_no_time_of_recording(field: str) -> None:
    later = "2026-08-01T09:00:00Z"
    meta = {"lastUpdated": later} if field == "lastUpdated" else None
    about = {"target": [ref("Condition/x")], "recorded": later, "agent": []}
    more = [thing("Provenance", "v", subject=None, **about)] if field == "provenance" else []
    record = read(thing("Condition", "x", meta=meta), *more, timestamp="2026-08-01T09:00:00Z")
    found = entry(record, "Condition/x")
    assert (found.recorded_at, found.event_date) == (None, None)


def test_an_entry_carries_the_links_that_it_states_itself() -> None:
    record = read(
        encounter("e"),
        listing("l", "Observation/a", encounter=ref("Encounter/e")),
        observation("a"),
        thing("MedicationRequest", "m", status="active", intent="plan"),
        thing("MedicationStatement", "s", status="active", basedOn=[ref("MedicationRequest/m")]),
        thing("MedicationRequest", "why", status="active", reasonReference=[ref("Condition/c")]),
        thing("Condition", "c"),
        observation("elsewhere", context=ref("Encounter/not-here")),
    )

    def links(key: str) -> set[tuple[str, Relation]]:
        return {(link.entry_id.split(":")[2], link.relation) for link in entry(record, key).links}

    assert links("List/l") == {("Encounter/e", Relation.PART_OF)}
    assert links("Observation/a") == set()
    named = {one.entry_id for one in entry(record, "List/l").elements}
    assert "Y90003:fhir:Observation/a" in named
    assert links("MedicationStatement/s") == {("MedicationRequest/m", Relation.FOR_MEDICATION)}
    assert links("MedicationRequest/why") == {("Condition/c", Relation.ABOUT_PROBLEM)}
    assert links("Observation/elsewhere") == {("Encounter/not-here", Relation.PART_OF)}
    assert links("Encounter/e") == set()


def test_elements_point_at_what_redaction_may_drop() -> None:
    record = read(
        observation("a", comment="typed", context=ref("Encounter/e"), related=[
            {"type": "has-member", "target": ref("Observation/b")}]),
        observation("b"),
        thing("DocumentReference", "d", description="typed", content=[{"attachment": {"url": "u"}}]),
        thing("MedicationRequest", "m", note=[{"text": "one"}, {"text": "two"}], dosageInstruction=[{"text": "daily"}]),
    )  # fmt: skip

    def found(key: str) -> set[tuple[str, str]]:
        return {(one.kind.value, one.pointer) for one in entry(record, key).elements}

    assert found("Observation/a") == {
        ("free_text", "/comment"),
        ("child", "/context"),
        ("child", "/related/0"),
    }
    assert found("DocumentReference/d") == {
        ("free_text", "/description"),
        ("attachment", "/content/0"),
    }
    assert found("MedicationRequest/m") == {
        ("free_text", "/note/0"), ("free_text", "/note/1"),
    }  # fmt: skip
    child = next(
        one for one in entry(record, "Observation/a").elements if one.pointer == "/related/0"
    )
    assert (child.kind, child.entry_id) == (ElementKind.CHILD, "Y90003:fhir:Observation/b")


def test_transfer_is_known_by_its_identifiers_and_its_tags_are_not_trusted() -> None:
    record = read(
        observation("moved", identifier=[{"system": "https://PSSAdaptor/X1", "value": "v"}]),
        observation("silent"),
        observation("local", identifier=[{"system": "https://records.example", "value": "v"}]),
    )
    found = {one.entry_id[-5:]: (one.origin, one.hide_tags_trusted) for one in record.entries}
    assert found == {
        "moved": (Origin.TRANSFER, False), "ilent": (Origin.TRANSFER, False), "local": (Origin.LOCAL, True),
    }  # fmt: skip
    assert record.system == "gp2gp"


def test_an_entry_that_names_no_patient_may_be_about_somebody_else() -> None:
    record = read(observation("x", subject=None))
    assert ThirdParty.UNKNOWN is entry(record, "Observation/x").third_party


def test_an_abnormal_result_is_marked() -> None:
    high = {"coding": [{"code": "H"}]}
    assert entry(read(observation("x", interpretation=high)), "Observation/x").markers == (
        Marker.ABNORMAL,
    )


def test_version_is_the_time_of_extraction() -> None:
    found = entry(read(observation("x"), timestamp="2026-09-01T06:00:00.123Z"), "Observation/x")
    assert found.version == 1788242400123
    assert bundle()["timestamp"] != found.extracted_at.isoformat()
