"""What is no record, or not this patient's: one sentence each, the way out in it, the value never."""

from typing import Any

import orjson
import pytest

from recordgate_producers.fhir import Given, ResourceOutcome, extract, parse
from recordgate_schemas.control import Verification
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import NhsNumber, OdsCode
from tests.unit.producers.bundles import (
    NUMBER,
    bundle,
    encounter,
    observation,
    patient,
    practice,
    read,
    ref,
    thing,
)

NHS = "https://fhir.nhs.uk/Id/nhs-number"


def numbers(*values: str) -> dict[str, Any]:
    return patient(identifier=[{"system": NHS, "value": value} for value in values])


def record_of(who: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "entry": [{"resource": one} for one in (who, practice(), *more)],
    }


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "not FHIR"),
        ({"a": 1}, "not FHIR"),
        ({"resourceType": "OperationOutcome"}, "an error answer"),
        ({"resourceType": "Observation"}, "a single Observation"),
        ({"resourceType": "<b>9990000018"}, "a single resource"),
        ({"resourceType": "Bundle"}, "an empty answer"),
        ({"resourceType": "Bundle", "entry": "x"}, "Bundle.entry: not a list"),
        ({"resourceType": "Bundle", "entry": [{"resource": practice()}]}, "no Patient"),
        (record_of(patient(), patient(id="q")), "two patients"),
        (record_of(patient(), patient(birthDate="1999-01-01")), "two patients"),
        (record_of(patient(identifier=[])), "no NHS number"),
        (record_of(numbers("1234567890")), "--nhs-number"),
        (record_of(numbers("Test Harness")), "--nhs-number"),
        (record_of(numbers("9990000018", "9990000026")), "more than one NHS number"),
        (record_of(patient(managingOrganization=None)), "--practice"),
        (record_of(patient(), thing("Observation", "x", status="final")), "--as-of"),
    ],
)
def test_what_is_no_record_of_one_patient_is_refused_in_one_sentence(
    document: Any, problem: str
) -> None:
    with pytest.raises(PoisonError) as caught:
        extract(document)
    message = str(caught.value)
    assert problem in message
    assert "\n" not in message
    assert not any(value in message for value in ("1234567890", "Harness", "99900000"))


def test_malformed_json_is_named_by_its_place_only() -> None:
    with pytest.raises(PoisonError) as caught:
        parse(b'{"secret": "' + NUMBER.encode() + b'", \n "x": tru}')
    assert "line 2" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize("depth", [600, 900])
def test_what_nests_too_deeply_is_refused_not_crashed_on(depth: int) -> None:
    nested: Any = "x"
    for _ in range(depth):
        nested = {"extension": [nested]}
    with pytest.raises(PoisonError, match="nested too deeply"):
        read(observation("x", extension=[nested]))


@pytest.mark.parametrize(
    "subject",
    [
        ref("Patient/other"),
        {"identifier": {"system": NHS, "value": "9990000026"}},
        {**ref("Patient/p"), "identifier": {"system": NHS, "value": "999 000 0026"}},
    ],
)
def test_a_resource_about_another_patient_is_refused_and_the_rest_goes_through(
    subject: dict[str, Any],
) -> None:
    record = read(observation("theirs", subject=subject), observation("mine"))
    assert [one.entry_id.split("/")[1] for one in record.entries] == ["mine"]
    refused = [one for one in record.resources if one.outcome is ResourceOutcome.REFUSED]
    assert [(one.index, one.type) for one in refused] == [(2, "Observation")]
    assert refused[0].reason.startswith("names another patient")


@pytest.mark.parametrize(
    "subject",
    [
        ref("Patient/p"),
        ref("Patient/p/_history/3"),
        {"identifier": {"system": NHS, "value": "999 000 0018"}},
    ],
)
def test_a_resource_about_this_patient_is_theirs_however_it_says_so(
    subject: dict[str, Any],
) -> None:
    assert len(read(observation("mine", subject=subject)).entries) == 1


def test_equal_twins_are_one_and_unequal_twins_are_both_reported() -> None:
    record = read(observation("a"), observation("a"), observation("a", comment="other"))
    assert [(one.index, one.outcome) for one in record.resources if one.type == "Observation"] == [
        (2, ResourceOutcome.PUBLISHED), (3, ResourceOutcome.SKIPPED), (4, ResourceOutcome.REFUSED),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [None, "", "with space", "é", "x" * 260, 7, {"a": 1}])
def test_an_entry_without_a_usable_id_is_refused(name: Any) -> None:
    record = read({**observation("x"), "id": name}, observation("y"))
    assert len(record.entries) == 1
    assert [one.index for one in record.resources if one.outcome is ResourceOutcome.REFUSED] == [2]


def test_an_entry_too_large_for_its_topic_is_refused_and_the_rest_goes_through() -> None:
    record = read(observation("huge", comment="x" * ENTRIES.max_bytes), observation("small"))
    assert [one.entry_id.split("/")[1] for one in record.entries] == ["small"]
    assert any(
        "bytes" in one.reason for one in record.resources if one.outcome is ResourceOutcome.REFUSED
    )


def test_the_account_covers_claims_staff_messages_and_entries_without_a_resource() -> None:
    made = bundle(
        encounter("e"), thing("Claim", "c"), thing("ExplanationOfBenefit", "b"),
        {"resourceType": "OperationOutcome"}, {"resourceType": "Practitioner", "id": "nobody"}, {"id": "no-type"},
    )  # fmt: skip
    made["entry"] += [{"fullUrl": "urn:uuid:1"}, "rubbish", None]
    record = extract(made)
    assert sorted(one.index for one in record.resources) == list(range(11))
    assert {one.reason for one in record.resources if one.type == "Practitioner"} == {
        "no entry refers to it"
    }
    assert sum(one.outcome is ResourceOutcome.PUBLISHED for one in record.resources) == 1


def test_given_facts_win_over_the_records_own() -> None:
    given = Given(NhsNumber.parse("9990000026"), OdsCode("A12345"), "emis")
    record = read(observation("x"), given=given)
    assert record.entries[0].entry_id == "A12345:emis:Observation/x"
    assert record.entries[0].nhs_number.digits == "9990000026"
    assert record.patient.verification is Verification.VERIFIED


def test_no_refusal_or_notice_repeats_what_a_record_says() -> None:
    record = read(
        observation("x", issued="SECRET", status="SECRET", meta={"security": "SECRET"}),
        {**observation("SECRET SECRET")},
        {"resourceType": "List", "extension": [{"url": "ListWarningCode", "valueCode": "SECRET"}]},
    )
    assert b"SECRET" not in orjson.dumps(
        [[one.reason for one in record.resources], [one.text for one in record.notices]]
    )
