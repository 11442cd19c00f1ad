"""FHIR Bundles to clinical entries. Way in: `extract`. Pure: nothing here reads a file, a clock or Kafka."""

from recordgate_producers.fhir.bundle import parse
from recordgate_producers.fhir.extract import Extract, extract
from recordgate_producers.fhir.patient import Given, parse_system
from recordgate_producers.fhir.registration import (
    PublishedRegistration,
    registration_controls,
    snapshot_control,
)
from recordgate_producers.fhir.report import (
    ResourceOutcome,
    ResourceReport,
    one_line_per_kind,
)

__all__ = [
    "Extract",
    "Given",
    "PublishedRegistration",
    "ResourceOutcome",
    "ResourceReport",
    "extract",
    "one_line_per_kind",
    "parse",
    "parse_system",
    "registration_controls",
    "snapshot_control",
]
