"""Decodes records and checks that the key is the message's own NHS number: what fails is quarantined."""

from collections.abc import Sequence
from typing import Protocol

from recordgate_runtime.kafka import Record
from recordgate_schemas import codec
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import Topic
from recordgate_schemas.values import NhsNumber


class AboutPatient(Protocol):
    """A message about one patient."""

    @property
    def nhs_number(self) -> NhsNumber:
        """Whom it is about."""


Decoded = tuple[Record, AboutPatient]
Poison = tuple[Record, str]


def decode_all(topic: Topic, records: Sequence[Record]) -> tuple[list[Decoded], list[Poison]]:
    """Return what could be understood, and what could not with the rule it broke."""
    good: list[Decoded] = []
    bad: list[Poison] = []
    for record in records:
        try:
            good.append((record, _decode(topic, record)))
        except PoisonError as error:
            bad.append((record, str(error)))
    return good, bad


def _decode(topic: Topic, record: Record) -> AboutPatient:
    message: AboutPatient = codec.decode(topic, record.value)
    if record.key != message.nhs_number.digits.encode():
        raise PoisonError("key: is not the NHS number of the message; publish with the library")
    return message


def patient_of(record: Record) -> NhsNumber | None:
    """Return whom an undecodable record is about, going by its key; None when the key is no NHS number."""
    try:
        return NhsNumber.parse((record.key or b"").decode("ascii", "replace"))
    except PoisonError:
        return None
