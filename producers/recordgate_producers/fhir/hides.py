"""Controls that hide what the source itself marks as not for the patient; published before the entries."""

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from recordgate_producers.fhir.dates import milliseconds
from recordgate_producers.fhir.labels import is_nopat
from recordgate_producers.fhir.record import FhirRecord
from recordgate_producers.fhir.relations import reachable
from recordgate_producers.fhir.types import is_entry
from recordgate_schemas.control import Control, EntryHidden, HideCause
from recordgate_schemas.entry import SourceVersion
from recordgate_schemas.values import EntryId

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://recordgate.example/control")


def hides(
    record: FhirRecord, keys: Collection[str], in_error: Collection[str], as_of: datetime
) -> list[Control]:
    """Return one control per labelled entry and per entry in error; `keys` are the record's entries.

    Each is about the version that is published with it: a later version without the label is open again.
    """
    found = [(key, HideCause.NOPAT) for key in labelled_entries(record) if key in keys]
    found += [(key, HideCause.IN_ERROR) for key in in_error]
    return [
        _hide(record, entry_id, key, cause, as_of)
        for key, cause in sorted(found)
        if (entry_id := record.entry_id(key))
    ]


def labelled_entries(record: FhirRecord) -> Iterator[str]:
    """Yield the entries that are labelled NOPAT themselves, or by something that is no entry of its own."""
    own = record.own_labels
    labelled = {key for key, labels in own.items() if any(map(is_nopat, labels))}

    def inheriting(key: str) -> set[str]:
        return set() if _is_own_entry(key) else set(record.relations.flows.get(key, ())) - labelled

    outside = [key for key in labelled if not _is_own_entry(key)]
    found = labelled | reachable(outside, inheriting)
    yield from sorted(key for key in found if _is_own_entry(key) and key in own)


def control_id(*parts: object) -> str:
    """Return the id of a control: the same facts, the same id. Never built from an NHS number."""
    return str(uuid.uuid5(NAMESPACE, "|".join(map(str, parts))))


def _hide(
    record: FhirRecord, entry_id: EntryId, key: str, cause: HideCause, as_of: datetime
) -> Control:
    related = {other for one in _relatives(record, key, cause) if (other := record.entry_id(one))}
    version = milliseconds(as_of)
    return Control(
        control_id=control_id(entry_id, version, cause),
        nhs_number=record.patient.nhs_number,
        effective_at=as_of,
        source=f"publisher:{record.patient.practice}:{record.system}",
        change=EntryHidden(
            entry_id,
            tuple(sorted(related - {entry_id})),
            cause,
            SourceVersion(record.patient.practice, record.system, version),
        ),
    )


def _relatives(record: FhirRecord, key: str, cause: HideCause) -> set[str]:
    """Return the entries that the label of `key` flows to, and every direct neighbour."""
    labelled = [key] if cause is HideCause.NOPAT else []
    found = reachable(labelled, lambda one: record.relations.flows.get(one, ()))
    for links in (record.relations.links, record.relations.reverse_links):
        found |= {other for other, _ in links.get(key, ())}
    return {one for one in found if _is_own_entry(one)}


def _is_own_entry(key: str) -> bool:
    return not key.startswith("#") and is_entry(key.partition("/")[0])
