"""An invented practice for load: registrations and entries of about 1.1 kB, any number, the same for the same seed.

NHS numbers come from the range that is never issued (999 000 0000 to 999 999 9999), with right check digits.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from recordgate_producers.fhir.dates import milliseconds
from recordgate_producers.fhir.hides import control_id
from recordgate_schemas.control import (
    AccessLevelSet,
    Change,
    Control,
    Level,
    Registered,
    RegistrationKind,
    Verification,
)
from recordgate_schemas.entry import (
    ClinicalEntry,
    Coding,
    Element,
    ElementKind,
    Kind,
    Origin,
    Readiness,
    ThirdParty,
    Visibility,
)
from recordgate_schemas.values import EntryId, NhsNumber, OdsCode

PRACTICE = OdsCode("Y90001")
SYSTEM = "simulator"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SPAN_S = 300 * 86_400
"""Entries are recorded within this time after START."""

_REGISTERED_ON = date(2020, 1, 6)
_NUMBERS_FROM = 999_100_000
"""Above the handful that samples and tests use."""

_SNOMED = "http://snomed.info/sct"
_NOTE = "An invented remark, long enough to give the entry the size that entries have in practice. "
_BODY = (
    '{{"code":{{"coding":[{{"code":"{code}","display":"Invented finding","system":"'
    + _SNOMED
    + '"}}]}},"comment":"'
    + _NOTE * 6
    + '","effectiveDateTime":"{day}","id":"{name}","issued":"{instant}","resourceType":"Observation","status":"final",'
    '"subject":{{"reference":"Patient/self"}},"valueQuantity":{{"unit":"1","value":{value}}}}}'
)
_ELEMENTS = (Element(ElementKind.FREE_TEXT, "/comment"),)


@dataclass(frozen=True, slots=True)
class SimulatedPatient:
    """One invented patient: the controls that register them, then their entries."""

    nhs_number: NhsNumber
    controls: tuple[Control, ...]
    entries: tuple[ClinicalEntry, ...]


def simulate(patients: int, entries_per_patient: int, seed: int) -> Iterator[SimulatedPatient]:
    """Yield `patients` invented patients with as many entries each; adults, registered, with full access."""
    dice = random.Random(seed)  # noqa: S311  invented data, not a secret
    for number, place in zip(never_issued(), range(patients), strict=False):
        entries = tuple(_entry(dice, number, place, nth) for nth in range(entries_per_patient))
        yield SimulatedPatient(number, _controls(dice, number, place), entries)


def never_issued() -> Iterator[NhsNumber]:
    """Yield valid NHS numbers that are never issued, in order."""
    for nine in range(_NUMBERS_FROM, 1_000_000_000):
        weighted = sum(int(digit) * (10 - place) for place, digit in enumerate(str(nine)))
        check = (11 - weighted % 11) % 11
        if check != 10:  # ten has no digit, such numbers do not exist
            yield NhsNumber(f"{nine}{check}")


def _controls(dice: random.Random, number: NhsNumber, place: int) -> tuple[Control, ...]:
    born = date(1940, 1, 1) + timedelta(days=dice.randrange(60 * 365))
    registered = Registered(
        PRACTICE, _REGISTERED_ON, born, RegistrationKind.REGULAR, Verification.VERIFIED
    )
    level = AccessLevelSet(PRACTICE, Level.FULL, None, None, None)
    return _control(number, place, registered), _control(number, place, level)


def _control(number: NhsNumber, place: int, change: Change) -> Control:
    name = control_id(SYSTEM, place, type(change).__name__)
    return Control(name, number, START, f"publisher:{PRACTICE}:{SYSTEM}", change)


def _entry(dice: random.Random, number: NhsNumber, place: int, nth: int) -> ClinicalEntry:
    recorded = START + timedelta(seconds=dice.randrange(SPAN_S))
    name, code = f"{place}-{nth}", str(100_000_000 + dice.randrange(900_000_000))
    instant = recorded.isoformat()
    body = _BODY.format(
        code=code, day=instant[:10], name=name, instant=instant, value=dice.randrange(500)
    ).encode("ascii")
    return ClinicalEntry(
        entry_id=EntryId(f"{PRACTICE}:{SYSTEM}:Observation/{name}"),
        version=milliseconds(recorded),
        nhs_number=number,
        practice=PRACTICE,
        system=SYSTEM,
        kind=Kind.OBSERVATION,
        readiness=Readiness.FINAL,
        event_date=recorded.date(),
        recorded_at=recorded,
        available_at=None,
        extracted_at=recorded,
        origin=Origin.LOCAL,
        hide_tags_trusted=True,
        labels=(),
        codes=(Coding(_SNOMED, code),),
        markers=(),
        online_visibility=Visibility.UNSET,
        staff_private=False,
        third_party=ThirdParty.NONE,
        not_for_grants=(),
        links=(),
        elements=_ELEMENTS,
        body=body,
        body_type="application/fhir+json",
        body_sha256=hashlib.sha256(body).digest(),
    )
