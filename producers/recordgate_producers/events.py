"""Controls and entries as Kafka messages: key, value, and CloudEvents 1.0 headers in binary mode with a trace."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Event:
    """One message, ready to send. No header carries anything about the patient."""

    key: bytes
    value: bytes
    id: str
    source: str
    time: datetime


def entry_event(entry: ClinicalEntry) -> Event:
    """Return an entry as a message."""
    return Event(
        key=entry.nhs_number.digits.encode("ascii"),
        value=codec.encode(ENTRIES, entry),
        id=f"{entry.entry_id}@{entry.version}",
        source=f"urn:recordgate:practice:{entry.practice}:{entry.system}",
        time=entry.extracted_at,
    )


def control_event(control: Control) -> Event:
    """Return a control as a message."""
    return Event(
        key=control.nhs_number.digits.encode("ascii"),
        value=codec.encode(CONTROLS, control),
        id=control.control_id,
        source=f"urn:recordgate:source:{control.source}",
        time=control.effective_at,
    )


def headers(topic: Topic, event: Event, trace: str) -> Headers:
    """Return the headers of a message; all messages of one call share a trace (W3C Trace Context)."""
    return [
        *_fixed(topic.name, topic.schema),
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_time", event.time.isoformat().encode("ascii")),
        ("traceparent", f"00-{trace}-{secrets.token_hex(8)}-01".encode("ascii")),
    ]


@cache
def _fixed(topic: str, schema: str) -> tuple[tuple[str, bytes], ...]:
    fingerprint = codec.fingerprint(schema)
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", f"uk.recordgate.{topic}.v1".encode()),
        ("ce_dataschema", f"urn:recordgate:schema:{schema}:{fingerprint}".encode()),
        ("content-type", b"application/avro"),
    )
