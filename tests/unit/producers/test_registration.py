"""Registration, access level and the list of all entries: controls made from a record when asked for."""

from datetime import date

import pytest

from recordgate_producers.fhir import (
    PublishedRegistration,
    extract,
    registration_controls,
    snapshot_control,
)
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
from tests.unit.producers.bundles import NUMBER, bundle, extract_of, observation, patient, read

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


def ended(period: dict[str, str]) -> dict[str, object]:
    detail = {"url": "registrationPeriod", "valuePeriod": period}
    return {"url": URL.format("RegistrationDetails"), "extension": [detail]}


def coded(url: str, code: str) -> dict[str, object]:
    return {"url": url, "valueCodeableConcept": {"coding": [{"code": code}]}}


def labelled(code: str) -> dict[str, object]:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    return {"security": [{"system": system, "code": code}]}


DIED, INACTIVE, REPLACED = "has died", "is not active", "another record has replaced it"
TURNED, LABELLED, ENDED = "may turn its meaning round", "a label restricts it", "has ended"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus"
STATUS = [{"url": "registrationStatus", "valueCodeableConcept": {"coding": [{"code": "I"}]}}]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"deceasedBoolean": True}, DIED),
        ({"deceasedBoolean": "true"}, DIED),
        ({"deceasedDateTime": "2026-08-01"}, DIED),
        ({"_deceasedDateTime": {"extension": []}}, DIED),
        ({"extension": [coded(UK_CORE, "1")]}, DIED),
        ({"extension": [{"url": UK_CORE, "extension": [coded("deathNotificationStatus", "2")]}]}, DIED),
        ({"active": False}, INACTIVE),
        ({"active": "no"}, INACTIVE),
        ({"extension": [{"url": URL.format("RegistrationDetails"), "extension": STATUS}]}, INACTIVE),
        ({"link": [{"other": {"reference": "Patient/new"}, "type": "replaced-by"}]}, REPLACED),
        ({"link": [{"other": {"reference": "Patient/new"}}]}, REPLACED),
        ({"modifierExtension": [{"url": "https://x.example/not"}]}, TURNED),
        ({"implicitRules": "https://x.example/rules"}, TURNED),
        ({"contact": [{"modifierExtension": [{"url": "https://x.example/not"}]}]}, TURNED),
        ({"meta": labelled("R")}, LABELLED),
        ({"meta": labelled("V")}, LABELLED),
        ({"meta": labelled("NOPAT")}, LABELLED),
        ({"meta": labelled("REDACTED")}, LABELLED),
        ({"meta": {"security": [{"display": "restricted"}]}}, LABELLED),
        ({"extension": [ended({"start": "2020-01-01", "end": "2026-08-31"})]}, ENDED),
        ({"extension": [ended({"start": "2020-01-01", "end": "2026-09-01T05:00:00Z"})]}, ENDED),
        ({"extension": [ended({"start": "2020-01-01", "end": "last year"})]}, ENDED),
    ],
)  # fmt: skip
def test_a_patient_whose_record_is_closed_is_not_registered(
    fields: dict[str, object], why: str
) -> None:
    record = extract_of(patient(**fields), observation("x"))
    with pytest.raises(PoisonError, match=why) as refused:
        registration_controls(record, PublishedRegistration(date(2020, 1, 1)))
    assert "publish it without --register" in str(refused.value)
    assert NUMBER not in str(refused.value)
    assert len(record.entries) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"active": True, "deceasedBoolean": False},
        {"link": [{"other": {"reference": "Patient/old"}, "type": "replaces"}]},
        {"link": [{"other": {"reference": "Patient/same"}, "type": "seealso"}]},
        {"meta": labelled("N")},
        {"meta": labelled("U")},
        {"extension": [ended({"start": "2020-01-01"})]},
        {"extension": [ended({"start": "2020-01-01", "end": "2027-01-01"})]},
        {"extension": [coded(UK_CORE, "U")]},
    ],
)
def test_a_patient_whose_record_is_open_is_registered(fields: dict[str, object]) -> None:
    record = extract_of(patient(**fields), observation("x"))
    assert len(registration_controls(record, PublishedRegistration(date(2020, 1, 1)))) == 2


def test_every_reason_not_to_register_is_named() -> None:
    record = extract_of(patient(active=False, deceasedBoolean=True), observation("x"))
    with pytest.raises(PoisonError, match=f"{DIED}.*{INACTIVE}"):
        registration_controls(record, PublishedRegistration(date(2020, 1, 1)))


def test_a_patient_whom_the_bundle_asks_to_delete_is_not_registered() -> None:
    made = bundle(observation("x"))
    made["entry"][0]["request"] = {"method": "DELETE", "url": "Patient/p"}
    with pytest.raises(PoisonError, match="does not hand it over"):
        registration_controls(extract(made), PublishedRegistration(date(2020, 1, 1)))


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
