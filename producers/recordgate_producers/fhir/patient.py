"""Whose record a Bundle is, at which practice, from which system: facts that options may replace."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.closed import closed_because
from recordgate_producers.fhir.dates import day
from recordgate_producers.fhir.spelling import DIGITS, squeezed
from recordgate_producers.fhir.tree import Json, codes, nodes, text, texts
from recordgate_schemas.control import RegistrationKind, Verification
from recordgate_schemas.errors import InvalidValue, PoisonError
from recordgate_schemas.values import NhsNumber, OdsCode, parse_ods

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "ods-organization-code"
SYSTEMS = (("emisweb", "emis"), ("tpp", "tpp"), ("systmone", "tpp"), ("pssadaptor", "gp2gp"))
"""Part of an identifier's system, and the clinical system that writes such identifiers."""

TRANSFERRED = "pssadaptor"
"""Occurs in identifiers written by the GP2GP adaptor: such resources came from another practice's system."""

OTHER_SYSTEM = "fhir"
VERIFICATION = {"01": Verification.VERIFIED}
"""NHS number status indicator; any other code is unverified."""

REGISTRATION = {
    "R": RegistrationKind.REGULAR,
    "regular": RegistrationKind.REGULAR,
    "T": RegistrationKind.TEMPORARY,
    "temporary": RegistrationKind.TEMPORARY,
}
ACTIVE = "A"
"""The status of a registration in force."""

_TEN_DIGITS = re.compile(r"[0-9]{10}")
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Given:
    """What the publisher states about a record; it overrides what the record itself states."""

    nhs_number: NhsNumber | None = None
    practice: OdsCode | None = None
    system: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class FhirPatient:
    """Whose record it is. `as_written`: the number in the Bundle, which no body may carry.

    `closed`: why nobody must be registered from it. `registered_until`: the last day of the registration, if stated.
    """

    key: str
    nhs_number: NhsNumber
    as_written: str
    verification: Verification
    birth_date: date | None
    practice: OdsCode
    registered_on: date | None
    registered_until: date | None
    registration: RegistrationKind
    closed: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The NHS numbers that must leave neither in ids nor in bodies: as published, and as written."""
        written = self.as_written.replace(" ", "")
        both = {self.nhs_number.digits, *([written] if _TEN_DIGITS.fullmatch(written) else [])}
        return tuple(sorted(both))

    def is_named_in(self, value: str) -> bool:
        """Whether a text holds one of the numbers, in whatever digits and whatever separates them."""
        if len(value) < DIGITS:
            return False
        digits = squeezed(value)
        return any(number in digits for number in self.numbers)


def find_patient(bundle: Bundle) -> Resource:
    """Return the Bundle's only Patient; raise PoisonError if there is none, or more than one."""
    found = [one for one in (*bundle.resources, *bundle.duplicates) if one.type == "Patient"]
    if not found:
        raise PoisonError("no Patient: whose record it is must be in the Bundle")
    if any(one.json != found[0].json for one in found):
        raise PoisonError(
            "two patients in one Bundle: records are never merged; publish one Bundle each"
        )
    return found[0]


def read_patient(bundle: Bundle, given: Given) -> FhirPatient:
    """Return the facts about the Bundle's patient; raise PoisonError naming the fact that is missing."""
    resource = find_patient(bundle)
    written = [one for one in nodes(resource.json, "identifier") if _is_number(one)]
    kind = next((c.code for c in codes(_registration(resource.json, "registrationType"))), "R")
    period = _registration(resource.json, "registrationPeriod")
    ends = [day(end) for end in texts(period, "end")]
    return FhirPatient(
        key=resource.key,
        nhs_number=given.nhs_number or _number(written),
        as_written=text(written, "value") or "",
        # With --nhs-number the publisher vouches for the number.
        verification=Verification.VERIFIED if given.nhs_number else _verification(written),
        birth_date=day(text(resource.json, "birthDate") or ""),
        practice=given.practice or _practice(bundle, resource.json),
        registered_on=day(text(period, "start") or ""),
        registered_until=min((end or date.min for end in ends), default=None),
        registration=REGISTRATION.get(kind, RegistrationKind.OTHER),
        closed=(*closed_because(resource), *_not_registered(resource.json)),
    )


def parse_system(name: str) -> str:
    """Return the name of a clinical system as ids use it; raise InvalidValue otherwise."""
    if not _SYSTEM.fullmatch(name):
        raise InvalidValue("system: must be 1-32 small letters, digits or -, such as emis")
    return name


def detect_system(resources: Iterable[Resource]) -> str:
    """Return the system most identifiers point to, `fhir` if none does."""
    counts = Counter(
        name
        for resource in resources
        for system in texts(resource.json, "identifier", "system")
        for part, name in SYSTEMS
        if part in system.lower()
    )
    return min(counts, key=lambda name: (-counts[name], name), default=OTHER_SYSTEM)


def is_transfer(systems: Iterable[str]) -> bool:
    """Whether identifiers of these systems show that a resource came by GP2GP."""
    return any(TRANSFERRED in system.lower() for system in systems)


def _is_number(identifier: Json) -> bool:
    return identifier.get("system") == NHS_NUMBER and identifier.get("use") != "old"


def _number(written: list[Json]) -> NhsNumber:
    numbers = {value.replace(" ", "") for value in texts(written, "value")}
    if len(numbers) != 1:
        raise PoisonError(
            f"{'no' if not numbers else 'more than one'} NHS number; give the right one with --nhs-number"
        )
    try:
        return NhsNumber.parse(numbers.pop())
    except InvalidValue:
        raise PoisonError(
            "nhs_number: not ten digits with a valid check digit; give the right one with --nhs-number"
        ) from None


def _verification(written: list[Json]) -> Verification:
    status = next((c.code for c in codes(written, "extension", "valueCodeableConcept")), None)
    if status is None:
        return Verification.UNKNOWN
    return VERIFICATION.get(status, Verification.UNVERIFIED)


def _practice(bundle: Bundle, patient: Json) -> OdsCode:
    organisation = bundle.by_key.get(
        bundle.key_of(text(patient, "managingOrganization", "reference") or "") or ""
    )
    for identifier in nodes(organisation.json if organisation else None, "identifier"):
        if str(identifier.get("system")).endswith(ODS):
            return parse_ods((text(identifier, "value") or "").strip().upper())
    raise PoisonError(
        "no practice: the Patient names no organisation with an ODS code; give --practice"
    )


def _not_registered(patient: Json) -> Iterator[str]:
    statuses = {code.code for code in codes(_registration(patient, "registrationStatus"))}
    if not statuses <= {ACTIVE}:
        yield "the registration is not active"


def _registration(patient: Json, part: str) -> list[Json]:
    """Return the values of one part of the GP Connect registration details."""
    return [
        value
        for detail in nodes(patient, "extension")
        if "RegistrationDetails" in str(detail.get("url"))
        for piece in nodes(detail, "extension")
        if piece.get("url") == part
        for value in (*nodes(piece, "valuePeriod"), *nodes(piece, "valueCodeableConcept"))
    ]
