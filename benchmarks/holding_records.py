"""Records to measure holding on, through the publisher's own pipeline: files, the bundled samples, the simulator.

Access is never inferred from a record, so every record is given the same access here: see `opened` and `moved`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.holding_case import GENERATED, NOW, SAMPLES, SIMULATED, UK_CORE, Case
from recordgate_producers import sources
from recordgate_producers.fhir import (
    Extract,
    Given,
    PublishedRegistration,
    ResourceOutcome,
    extract,
    parse,
    registration_controls,
)
from recordgate_producers.fhir.tree import nodes, text
from recordgate_producers.publishing import parse_control_line
from recordgate_producers.samples import RECORDS
from recordgate_producers.simulator import never_issued, simulate
from recordgate_schemas.control import Control, Historic, Level, ProxyGranted
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.values import GrantId, NhsNumber, OdsCode

PRACTICE = OdsCode("Y90003")
"""The practice of records that name none."""

BORN = date(1970, 1, 1)
"""The date of birth of records without one; a practice sends it with the registration."""

SHAPES = Path(__file__).resolve().parents[1] / "tests" / "data" / "uk_core.json"
"""One record of resources after the UK Core R4 profiles, of which many do not say when they were recorded."""

MOVED = ", moved"
"""Suffix of the name of a population that was moved in time."""

EVER = date(1900, 1, 1)
_OPEN = Historic(Level.FULL, EVER, checked=True)
_GRANT = ProxyGranted(
    GrantId("measured"), PRACTICE, Level.FULL, NOW.date() - timedelta(days=1), None, _OPEN, None
)


@dataclass(slots=True)
class Intake:
    """Files and refused resources, counted by population and what became of them."""

    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)


def published(root: Path, intake: Intake) -> Iterator[tuple[str, Extract, str]]:
    """Yield population, record and sex of each file under `root` that is a record with entries."""
    numbers = never_issued()
    for source in sources.find([str(root)]):
        population = _population(Path(source.name).relative_to(root))
        try:
            form, data = sources.read(source)
            document = parse(data)
            record, given = _extract(document, next(numbers))
        except PoisonError:
            intake.files[population, "no record of one patient"] += 1
            continue
        if form is sources.Form.RECORD and record.entries:
            intake.files[population, given] += 1
            for one in record.resources:
                if one.outcome is ResourceOutcome.REFUSED:
                    intake.refused[population, f"{one.type}: {one.reason}"] += 1
            yield population, record, sex_of(document)


def opened(population: str, record: Extract, sex: str) -> Case:
    """A case whose entire history is opened and checked, for the patient and for one new proxy."""
    born = record.patient.birth_date or BORN
    named = _registrable(record, born)
    own = born.replace(year=born.year + 13, day=1) if _is_teenager(born) else None
    access = PublishedRegistration(
        EVER, Level.FULL, EVER, record_checked=True, practice_grant_from=own
    )
    registered = registration_controls(named, access)
    grant = replace(
        registered[0],
        control_id="measured",
        change=replace(_GRANT, practice=record.patient.practice),
    )
    controls = (*registered, grant, *record.hides)
    return Case(population, record.patient.practice, born, sex, record.entries, controls)


def moved(population: str, record: Extract, sex: str) -> Case:
    """A case as if it had been extracted yesterday, open to its patient from go-live on."""
    case = opened(population, record, sex)
    shift = timedelta(days=(NOW - (record.as_of or NOW)).days - 1)
    born = _registrable(record, case.birth_date)
    controls = (*registration_controls(born, PublishedRegistration(EVER)), *record.hides)
    entries = tuple(_later(entry, shift) for entry in record.entries)
    return replace(case, population=population + MOVED, entries=entries, controls=controls)


def _registrable(record: Extract, born: date) -> Extract:
    """The record as if its patient were alive and registered: what is measured are its entries."""
    patient = replace(record.patient, birth_date=born, registered_until=None, closed=())
    return replace(record, patient=patient)


def samples() -> Iterator[Case]:
    """The bundled records as `recordgate publish --register` publishes them."""
    beside = [
        parse_control_line(line)
        for path in sorted(RECORDS.glob("*.jsonl"))
        for line in _lines(path)
    ]
    for path in sorted(RECORDS.glob("*.json")):
        document = parse(path.read_bytes())
        record = extract(document)
        patient = record.patient
        own = [one for one in beside if one.nhs_number == patient.nhs_number]
        controls = (*registration_controls(record, PublishedRegistration()), *record.hides, *own)
        born = patient.birth_date or BORN
        sex = sex_of(document)
        yield Case(SAMPLES, patient.practice, born, sex, record.entries, controls)


def uk_core() -> Iterator[Case]:
    """The record after the UK Core profiles, open to its patient from go-live on."""
    document = parse(SHAPES.read_bytes())
    record = extract(document)
    controls = (*registration_controls(record, PublishedRegistration(EVER)), *record.hides)
    patient = record.patient
    born = patient.birth_date or BORN
    yield Case(UK_CORE, patient.practice, born, sex_of(document), record.entries, controls)


def simulated(patients: int, entries: int) -> Iterator[Case]:
    """The load simulator's patients: adults with full access and ordinary entries."""
    for one in simulate(patients, entries, seed=11):
        born = _birth_date(one.controls)
        practice = one.entries[0].practice
        yield Case(SIMULATED, practice, born, "not stated", one.entries, one.controls)


def pool(population: str) -> str:
    """Return the pool under which a population is checked, so that a large easy one cannot mask a small one."""
    if population in (SAMPLES, UK_CORE, SIMULATED, GENERATED):
        return population
    moved_too = population.endswith(MOVED)
    return f"published records, {'moved to go-live' if moved_too else 'history opened'}"


def sex_of(document: Any) -> str:
    """Return the administrative gender the Patient states."""
    found = nodes(document, "entry", "resource")
    patient = next((one for one in found if one.get("resourceType") == "Patient"), None)
    return text(patient, "gender") or "not stated"


def _extract(document: Any, number: NhsNumber) -> tuple[Extract, str]:
    """Extract with as few given facts as are needed; return the record and which facts those were."""
    tries = (
        (Given(), "as it is"),
        (Given(nhs_number=number), "needs --nhs-number"),
        (Given(nhs_number=number, practice=PRACTICE), "needs --nhs-number and --practice"),
    )
    for given, needed in tries[:-1]:
        try:
            return extract(document, given), needed
        except PoisonError:
            continue
    given, needed = tries[-1]
    return extract(document, given), needed


def _population(path: Path) -> str:
    folder = path.parts[0]
    return f"{folder}/{path.parts[1]}" if folder == "gpconnect" else folder


def _is_teenager(born: date) -> bool:
    today = NOW.date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return 13 <= years < 16


def _later(entry: ClinicalEntry, shift: timedelta) -> ClinicalEntry:
    return replace(
        entry,
        event_date=entry.event_date + shift if entry.event_date else None,
        recorded_at=_add(entry.recorded_at, shift),
        available_at=_add(entry.available_at, shift),
        extracted_at=entry.extracted_at + shift,
    )


def _add(moment: datetime | None, shift: timedelta) -> datetime | None:
    return moment + shift if moment else None


def _lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines() if line.strip()]


def _birth_date(controls: tuple[Control, ...]) -> date:
    return next(c.change.birth_date for c in controls if hasattr(c.change, "birth_date"))
