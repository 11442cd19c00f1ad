"""Registration, access level and the list of all entries: controls made from a record when asked for."""

from datetime import date

import pytest

from recordgate_producers.fhir import PublishedRegistration, registration_controls, snapshot_control
from recordgate_schemas.control import (
    AccessLevelSet,
    Historic,
    Level,
    RecordSnapshot,
    Registered,
    RegistrationKind,
    Verification,
)
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.values import EntryId, OdsCode
from tests.unit.producers.bundles import NUMBER, extract_of, observation, patient, read

URL = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-{}-1"
SINCE_2020 = {
    "url": URL.format("RegistrationDetails"),
    "extension": [{"url": "registrationPeriod", "valuePeriod": {"start": "2020-02-03T00:00:00Z"}}],
}


PRACTICE = OdsCode("Y90003")


def test_the_date_of_registration_comes_from_the_record_or_the_option() -> None:
    record = extract_of(patient(extension=[SINCE_2020]), observation("x"))
    registered = registration_controls(record, PublishedRegistration())[0].change
    assert registered == Registered(
        PRACTICE, date(2020, 2, 3), date(1980, 1, 1), RegistrationKind.REGULAR, Verification.UNKNOWN
    )
    registered = registration_controls(
        record, PublishedRegistration(registered_on=date(2021, 1, 1))
    )[0].change
    assert isinstance(registered, Registered)
    assert registered.registered_on == date(2021, 1, 1)


@pytest.mark.parametrize(
    ("code", "expected"), [("01", "verified"), ("02", "unverified"), ("", "unknown")]
)
def test_the_status_of_the_number_comes_from_the_record(code: str, expected: str) -> None:
    status = {
        "url": URL.format("NHSNumberVerificationStatus"),
        "valueCodeableConcept": {"coding": [{"code": code}]},
    }
    number = {
        "system": "https://fhir.nhs.uk/Id/nhs-number",
        "value": NUMBER,
        "extension": [status] if code else [],
    }
    assert (
        extract_of(patient(identifier=[number]), observation("x")).patient.verification == expected
    )


def test_level_and_checked_historic_access() -> None:
    wanted = PublishedRegistration(
        date(2020, 1, 1), Level.DETAILED, date(1990, 1, 1), True, date(2026, 5, 1)
    )
    level = registration_controls(read(observation("x")), wanted)[1].change
    assert level == AccessLevelSet(
        PRACTICE, Level.DETAILED, None, Historic(Level.DETAILED, date(1990, 1, 1), True), date(2026, 5, 1)
    )  # fmt: skip


def test_what_registration_needs_and_does_not_find_is_named() -> None:
    with pytest.raises(PoisonError, match="--registered-on"):
        registration_controls(read(observation("x")), PublishedRegistration())
    born = extract_of(patient(birthDate=None), observation("x"))
    with pytest.raises(PoisonError, match="date of birth"):
        registration_controls(born, PublishedRegistration(date(2020, 1, 1)))


def test_the_list_of_all_entries_holds_exactly_the_published_ones() -> None:
    record = read(
        observation("b"), observation("a"), observation("c", subject={"reference": "Patient/other"})
    )
    change = snapshot_control(record).change
    ids = (EntryId("Y90003:fhir:Observation/a"), EntryId("Y90003:fhir:Observation/b"))
    assert change == RecordSnapshot(PRACTICE, "fhir", ids)


def test_control_ids_do_not_hang_on_the_nhs_number() -> None:
    record = read(observation("x"))
    wanted = PublishedRegistration(date(2020, 1, 1))
    again = read(observation("x"))
    assert [c.control_id for c in registration_controls(record, wanted)] == [
        c.control_id for c in registration_controls(again, wanted)
    ]
