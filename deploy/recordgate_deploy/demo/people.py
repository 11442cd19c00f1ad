"""Whose records the demo uses: extracts of the files, and the controls that register each patient."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from recordgate_producers import publishing, sources
from recordgate_producers.fhir import (
    Extract,
    Given,
    PublishedRegistration,
    extract,
    parse,
    registration_controls,
)
from recordgate_schemas.control import Change, Control, Historic, Level, ProxyGranted
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import SELF, Audience, GrantId, NhsNumber, proxy

REGISTERED_ON = date(2009, 1, 1)
PARENT = GrantId("parent")


@dataclass(frozen=True, slots=True)
class Person:
    """A patient of the demo, and the audience whose view is shown: the patient, or a parent of a young child."""

    label: str
    extract: Extract
    audience: Audience

    @property
    def number(self) -> NhsNumber:
        """The patient's NHS number."""
        return self.extract.patient.nhs_number


def gather(paths: list[str]) -> tuple[list[Person], list[Control]]:
    """Return the people in the records, in order, and the controls lying beside the records."""
    people: list[Person] = []
    controls: list[Control] = []
    for source in sources.find(paths):
        form, data = sources.read(source)
        if form is sources.Form.CONTROLS:
            controls += [
                publishing.parse_control_line(line) for line in data.splitlines() if line.strip()
            ]
        else:
            found = extract(parse(data), Given())
            label = f"{Path(source.name).name.removesuffix('.json')}"
            people.append(Person(label, found, _audience(found)))
    if not people:
        raise UsageError("no records of patients in that folder; give FHIR Bundles")
    return people, controls


def _audience(found: Extract) -> Audience:
    born = found.patient.birth_date
    young = (
        born is not None and found.as_of is not None and found.as_of.date().year - born.year < 13
    )
    return proxy(PARENT) if young else SELF


def registration(person: Person, *, historic: bool) -> list[Control]:
    """Return what registers a person: full access, for old records historic access too, for a child a parent."""
    since = date(1900, 1, 1) if historic else None
    born = person.extract.patient.birth_date or REGISTERED_ON
    wanted = PublishedRegistration(
        registered_on=max(born, REGISTERED_ON), historic_since=since, record_checked=historic
    )
    controls = list(registration_controls(person.extract, wanted))
    if person.audience != SELF:
        controls.append(control(person, _parent(person, since), "parent"))
    return controls


def _parent(person: Person, since: date | None) -> ProxyGranted:
    historic = Historic(Level.FULL, since, checked=True) if since else None
    return ProxyGranted(
        grant_id=PARENT,
        practice=person.extract.patient.practice,
        level=Level.FULL,
        granted_on=REGISTERED_ON,
        until=None,
        historic=historic,
        renewed_at_age=None,
    )


def control(person: Person, change: Change, name: str) -> Control:
    """Return a control about a person, effective now."""
    now = datetime.now(UTC)  # noqa: TID251  the demo runs in real time
    control_id = f"demo-{name}-{now.timestamp()}"
    return Control(control_id, person.number, now, "demo", change)
