"""The load: entries in several versions, some hidden, and controls of every common kind, in a shuffled order."""

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from recordgate_producers.simulator import simulate
from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessResumed,
    AccessSuspended,
    Change,
    Control,
    EntryHidden,
    HideCause,
)
from recordgate_schemas.entry import ClinicalEntry, Coding
from recordgate_schemas.values import NhsNumber

NOPAT = Coding("http://hl7.org/fhir/v3/ActCode", "NOPAT")
NOW = datetime.now(UTC) - timedelta(hours=1)
Event = Control | ClinicalEntry
STORIES: tuple[tuple[Change, ...], ...] = (
    (),
    (),
    (),
    (AccessDeclined(),),
    (AccessDeclined(), AccessOptedIn()),
    (AccessSuspended(),),
    (AccessSuspended(), AccessResumed()),
)


@dataclass(frozen=True, slots=True)
class Load:
    """Everything to publish, in order, and whom it is about."""

    events: tuple[Event, ...]
    patients: tuple[NhsNumber, ...]

    @property
    def entries(self) -> int:
        """How many entry records there are, repeats included."""
        return sum(isinstance(event, ClinicalEntry) for event in self.events)

    @property
    def controls(self) -> int:
        """How many controls there are."""
        return len(self.events) - self.entries


def make_load(patients: int, entries: int, seed: int) -> Load:
    """Return a load that is the same for the same seed."""
    dice = random.Random(seed)
    events: list[Event] = []
    numbers = []
    for patient in simulate(patients, entries, seed):
        numbers.append(patient.nhs_number)
        events += patient.controls
        events += _versions(dice, patient.entries)
        events += _controls(dice, patient.nhs_number, patient.entries)
    dice.shuffle(events)
    return Load(tuple(events), tuple(numbers))


def _versions(dice: random.Random, entries: tuple[ClinicalEntry, ...]) -> list[ClinicalEntry]:
    """Some entries are labelled NOPAT, some amended, some sent twice."""
    made = []
    for entry in entries:
        labelled = replace(entry, labels=(NOPAT,)) if dice.random() < 0.05 else entry
        made.append(labelled)
        if dice.random() < 0.1:
            made.append(_amended(labelled))
        if dice.random() < 0.05:
            made.append(labelled)
    return made


def _amended(entry: ClinicalEntry) -> ClinicalEntry:
    body = entry.body.replace(b"An invented remark", b"An amended remark", 1)
    digest = hashlib.sha256(body).digest()
    return replace(entry, version=entry.version + 1, body=body, body_sha256=digest)


def _controls(
    dice: random.Random, number: NhsNumber, entries: tuple[ClinicalEntry, ...]
) -> list[Control]:
    changes: list[Change] = [
        EntryHidden(entry.entry_id, (), HideCause.DO_NOT_DISPLAY)
        for entry in dice.sample(entries, dice.choice((0, 0, 1, 2)))
    ]
    changes += dice.choice(STORIES)
    return [
        Control(f"{number.digits}-{place}", number, NOW + timedelta(seconds=place), "load", change)
        for place, change in enumerate(changes)
    ]
