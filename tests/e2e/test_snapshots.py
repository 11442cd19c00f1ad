"""Two dated extracts of the same records: the view ends as the newest one, minus what must not be shown."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import orjson

from recordgate_consumers.view.read import read_view
from recordgate_deploy.settled import Watch
from recordgate_producers.fhir import Extract, Given, PublishedRegistration, extract, parse
from recordgate_producers.publisher import Publisher
from recordgate_producers.publishing import Options, publish_record
from recordgate_runtime.postgres import connect
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import settings
from recordgate_schemas.entry import ClinicalEntry, Kind, Marker, Readiness, ThirdParty
from recordgate_schemas.values import SELF, NhsNumber
from recordgate_streams.bodies.redact import redact
from recordgate_streams.decider.objections import hidden_references
from tests.support.services import broker
from tests.support.shared_data import SHARED, needs_shared_data

NUMBERS = {
    "p2": NhsNumber("9990000018"),
    "p4": NhsNumber("9990000026"),
    "p6": NhsNumber("9990000034"),
    "p9": NhsNumber("9990000042"),
}
JANUARY, JUNE = "2021-01-19", "2021-06-02"
ADULT = date(1980, 1, 1)
WHOLE_RECORD = PublishedRegistration(
    registered_on=date(2009, 1, 1), historic_since=date(1900, 1, 1), record_checked=True
)

pytestmark = needs_shared_data


def read(patient: str, taken: str) -> Extract:
    """Return one extract under a valid number; two of the four are children, whose parents see for them."""
    data = (SHARED / "gpconnect" / "snapshots" / f"{patient}-{taken}.json").read_bytes()
    found = extract(parse(data), Given(nhs_number=NUMBERS[patient]))
    return replace(found, patient=replace(found.patient, birth_date=ADULT))


def publish(extracts: list[Extract], watch: Watch) -> None:
    with Publisher(broker(settings().kafka, "publisher")) as publisher:
        key = read_service_key(settings().operator_key, "RECORDGATE_OPERATOR_KEY")
        for found in extracts:
            options = Options(register=WHOLE_RECORD, snapshot=True, key=key)
            publish_record(found, publisher, options)
    watch.wait()


def shown(number: NhsNumber) -> dict[str, bytes]:
    with connect(settings().view_dsn, "view_reader") as reader:
        entries = read_view(reader, number, SELF)
    return {_fhir_id(entry.body): entry.body for entry in entries}


def may_be_shown(found: Extract) -> Iterator[tuple[str, bytes]]:
    """Everything of an extract but recalls, unfinished and unknown entries; and no reference to any of these."""
    open_ones = [entry for entry in found.entries if _is_open(entry)]
    ids = {entry.entry_id for entry in open_ones}
    for entry in open_ones:
        body = redact(entry, entry.body, frozenset(), hidden_references(entry, ids))
        yield _fhir_id(entry.body), body


def _is_open(entry: ClinicalEntry) -> bool:
    ready = entry.readiness in (Readiness.FINAL, Readiness.FILED, Readiness.REVIEWED)
    known = entry.recorded_at is not None and entry.kind not in (Kind.DIARY, Kind.UNKNOWN)
    certain = entry.third_party is ThirdParty.NONE and Marker.UNKNOWN not in entry.markers
    return ready and known and certain and not entry.labels


def _fhir_id(body: bytes) -> str:
    resource = orjson.loads(body)
    return f"{resource['resourceType']}/{resource['id']}"


def test_the_view_ends_as_the_newest_extract_and_publishing_all_again_changes_nothing(
    watch: Watch,
) -> None:
    january = [read(patient, JANUARY) for patient in NUMBERS]
    june = [read(patient, JUNE) for patient in NUMBERS]

    publish(january, watch)
    publish(june, watch)
    first = {patient: shown(number) for patient, number in NUMBERS.items()}
    publish(january, watch)
    publish(june, watch)
    again = {patient: shown(number) for patient, number in NUMBERS.items()}

    for patient, found in zip(NUMBERS, june, strict=True):
        assert first[patient] == dict(may_be_shown(found)), patient
    assert again == first
    gone = {e.entry_id for e in january[0].entries} - {e.entry_id for e in june[0].entries}
    assert gone
    assert not {e.rpartition(":")[2] for e in gone} & set(first["p2"])
