"""Claims the new records of a batch and decodes them. What cannot be understood is quarantined."""

from collections.abc import Sequence
from typing import Protocol

from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry, is_ahead
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import Topic
from recordgate_schemas.values import NhsNumber, is_foreign
from recordgate_streams.ledger.unit_of_work import UnitOfWork


class AboutPatient(Protocol):
    """A message about one patient."""

    @property
    def nhs_number(self) -> NhsNumber:
        """Whom it is about."""


Decoded = tuple[Record, AboutPatient]


def read_batch(
    work: UnitOfWork, topic: Topic, records: Sequence[Record]
) -> tuple[list[Decoded], list[Record]]:
    """Return the new records with their messages, and those that were quarantined; ticks are neither."""
    good: list[Decoded] = []
    bad: list[Record] = []
    for record in work.claim_new_records(topic, records):
        if codec.is_tick(topic, record.value):
            continue
        try:
            good.append((record, decode(topic, record)))
        except PoisonError as error:
            work.quarantine(topic, record, str(error))
            bad.append(record)
    return good, bad


def decode(topic: Topic, record: Record) -> AboutPatient:
    """Return a record's message.

    Raises PoisonError unless key and partition are those of the message's patient, an entry's id is of its source, and
    its version is not from the future.
    """
    message: AboutPatient = codec.decode(topic, record.value)
    if not record.is_about(message.nhs_number):
        field = "partition" if record.key == message.nhs_number.key else "key"
        raise PoisonError(
            f"{field}: is not that of the message's patient; publish with the library"
        )
    if isinstance(message, ClinicalEntry):
        _check_source(message)
        if is_ahead(message, record.published_at):
            raise PoisonError(
                "version: it or the extraction lies after the time of publishing; set the source's clock, publish again"
            )
    return message


def _check_source(entry: ClinicalEntry) -> None:
    """SAFETY: under an id of another source an entry would take the place of that source's entry."""
    if is_foreign(entry.entry_id, entry.practice, entry.system):
        raise PoisonError(
            "entry_id: names another practice or system than the entry does; publish it under an id of its own"
        )


def patient_of(record: Record) -> NhsNumber | None:
    """Return whom an undecodable record is about, going by its key.

    None when the key is no NHS number, or the record lies in another partition than that patient's: its offset is then
    no position of the patient, and the gate closes the patient by coordinates instead.
    """
    return NhsNumber.of_key(record.key) if record.is_routed else None
