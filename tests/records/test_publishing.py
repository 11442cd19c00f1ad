"""Every published test record goes through: nothing crashes, every resource is accounted for, no number gets out."""

import copy
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from recordgate_producers.fhir import Extract, Given, ResourceOutcome, extract, parse
from recordgate_schemas import codec
from recordgate_schemas.entry import Kind, Readiness
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import NhsNumber, OdsCode
from tests.support.shared_data import SHARED, content, documents, needs_shared_data

pytestmark = needs_shared_data

NUMBER = NhsNumber.parse("9990000018")
LABELS = "http://hl7.org/fhir/v3/ActCode"


@cache
def record(name: str) -> Extract:
    return extract(parse(content(SHARED / name)), given(name))


def given(name: str) -> Given:
    """The options a publisher would give with a file of that folder."""
    folder = name.split("/")[0 if "synthea" in name else 1]
    if folder in ("snapshots", "odd"):
        return Given(nhs_number=NUMBER)
    if folder.startswith("synthea") or folder == "transfer":
        return Given(nhs_number=NUMBER, practice=OdsCode("Y90003"))
    return Given()


def name_of(path: Path) -> str:
    return path.relative_to(SHARED).as_posix()


RECORDS = [
    name_of(path)
    for path in documents(
        "gpconnect/emis/*", "gpconnect/tpp/*", "gpconnect/snapshots/*", "gpconnect/transfer/*", "gpconnect/large/*",
        "gpconnect/odd/malformed-date.json", "gpconnect/odd/record-without-clinical-entries.json",
        "gpconnect-examples/accessrecord_structured/*response*", "synthea-r4/*", "synthea-stu3/*",
    )
]  # fmt: skip
OTHERS = [
    name_of(path)
    for path in documents("gpconnect/odd/*", "gpconnect-examples/**/*", "security-labels/*")
]


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_accounted_for_resource_by_resource(name: str) -> None:
    found, document = record(name), parse(content(SHARED / name))
    lists = [
        one["resource"] for one in document["entry"] if one["resource"]["resourceType"] == "List"
    ]
    lifted = sum(len(one.get("contained", [])) for one in lists)
    assert len(document["entry"]) + lifted == len(found.resources)
    published = [one for one in found.resources if one.outcome is ResourceOutcome.PUBLISHED]
    assert len(published) == len(found.entries) == len({one.entry_id for one in found.entries})
    assert all(
        one.reason
        for one in found.resources
        if one.outcome in (ResourceOutcome.SKIPPED, ResourceOutcome.REFUSED)
    )
    for entry in found.entries:
        assert codec.decode(ENTRIES, codec.encode(ENTRIES, entry)) == entry


@pytest.mark.parametrize("name", RECORDS)
def test_no_body_carries_a_number_and_reading_twice_gives_the_same(name: str) -> None:
    found = record(name)
    numbers = [one.encode() for one in found.patient.numbers]
    assert not [
        one.entry_id for one in found.entries if any(number in one.body for number in numbers)
    ]
    assert extract(parse(content(SHARED / name)), given(name)) == found


@pytest.mark.parametrize("name", OTHERS)
def test_everything_else_is_a_record_or_one_sentence(name: str) -> None:
    try:
        answer = extract(parse(content(SHARED / name))).system
    except PoisonError as error:
        answer = str(error)
    assert len(answer.splitlines()) == 1


@pytest.mark.parametrize(
    "name", [one for one in RECORDS if one.split("/")[1] in ("snapshots", "transfer")]
)
def test_records_with_an_invalid_number_are_refused_as_they_are(name: str) -> None:
    with pytest.raises(PoisonError, match="give the right one with --nhs-number"):
        extract(parse(content(SHARED / name)), Given(practice=OdsCode("Y90003")))


def test_the_reformatted_copy_gives_identical_entries() -> None:
    assert record("gpconnect/snapshots/p6-2021-01-19.json") == record(
        "gpconnect/snapshots/p6-2021-01-19-reformatted.json"
    )


@pytest.mark.parametrize("who", ["p2", "p4", "p6", "p9"])
def test_versions_grow_from_january_to_june_and_unchanged_bodies_stay(who: str) -> None:
    january, june = (
        {one.entry_id: one for one in record(f"gpconnect/snapshots/{who}-2021-{day}.json").entries}
        for day in ("01-19", "06-02")
    )
    both = january.keys() & june.keys()
    assert all(january[one].version < june[one].version for one in both)
    assert any(january[one].body == june[one].body for one in both)


def test_new_ids_for_the_same_drugs_are_no_news() -> None:
    """All Medication ids of p4 changed between January and June; three products were renamed."""
    january, june = (
        {
            one.entry_id: one.body
            for one in record(f"gpconnect/snapshots/p4-2021-{day}.json").entries
        }
        for day in ("01-19", "06-02")
    )
    statements = [one for one in january.keys() & june.keys() if ":MedicationStatement/" in one]
    changed = [one for one in statements if january[one] != june[one]]
    assert (len(statements), len(changed)) == (95, 3)


def test_the_letters_of_another_patient_are_not_published() -> None:
    large = record("gpconnect/large/large-record.json")
    refused = Counter(
        one.type for one in large.resources if one.reason.startswith("names another patient")
    )
    assert refused == {"DocumentReference": 27}
    assert not [one for one in large.entries if one.kind is Kind.DOCUMENT]


def test_an_ended_allergy_inside_a_section_list_is_not_lost() -> None:
    ids = {
        one.entry_id.split(":")[2] for one in record("gpconnect/large/large-record.json").entries
    }
    assert "AllergyIntolerance/28" in ids


def test_what_lists_under_another_number_name_is_refused_and_the_rest_goes_through() -> None:
    odd = record("gpconnect/odd/malformed-date.json")
    refused = [one for one in odd.resources if one.reason.startswith("names another patient")]
    assert {one.type for one in refused} == {
        "AllergyIntolerance", "DocumentReference", "MedicationStatement",
    }  # fmt: skip
    assert len(odd.entries) > 190


def test_laboratory_reports_of_the_extract_are_filed_with_their_results() -> None:
    entries = record("gpconnect/emis/p9.json").entries
    assert Counter(one.kind for one in entries)[Kind.REPORT] == 20
    assert {one.readiness for one in entries if one.kind in (Kind.REPORT, Kind.TEST_RESULT)} == {
        Readiness.FILED
    }


def test_list_warnings_are_reported_and_in_no_body() -> None:
    found = record("gpconnect/emis/p2.json")
    assert Counter(one.text.split()[2].rstrip(";") for one in found.notices) == {
        "confidential-items": 6, "data-in-transit": 10,
    }  # fmt: skip
    for one in found.entries:
        assert not any(
            word in one.body.lower()
            for word in (b"confidential-items", b"data-in-transit", b"items excluded")
        )


def label(name: str, key: str) -> set[str]:
    document: Any = copy.deepcopy(parse(content(SHARED / name)))
    for one in document["entry"]:
        if f"{one['resource']['resourceType']}/{one['resource'].get('id')}" == key:
            one["resource"].setdefault("meta", {})["security"] = [
                {"system": LABELS, "code": "NOPAT"}
            ]
    found = extract(document, given(name))
    return {
        one.entry_id for one in found.entries if any(mark.code == "NOPAT" for mark in one.labels)
    }


def test_hiding_a_real_consultation_hides_everything_in_it_and_nothing_of_the_next() -> None:
    name = "gpconnect/emis/p9.json"
    entries = record(name).entries
    key = "Encounter/97AD4F69-49C5-4B0F-B8E4-AFEF4B9D39B2"
    inside = {
        one.entry_id for one in entries if any(link.entry_id.endswith(key) for link in one.links)
    }
    hidden = label(name, key)
    assert inside <= hidden
    others = {
        one.entry_id
        for one in entries
        if one.kind is Kind.CONSULTATION and not one.entry_id.endswith(key)
    }
    assert not others & hidden
    assert 5 < len(hidden) < 60


def test_hiding_one_result_spares_its_report() -> None:
    name = "gpconnect/emis/p9.json"
    result = next(one for one in record(name).entries if one.kind is Kind.TEST_RESULT)
    hidden = label(name, result.entry_id.split(":")[2])
    assert result.entry_id in hidden
    assert not [one for one in hidden if ":DiagnosticReport/" in one]
