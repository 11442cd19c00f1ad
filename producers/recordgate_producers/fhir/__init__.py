"""FHIR Bundles to clinical entries. Way in: `extract`. Pure: nothing here reads a file, a clock or Kafka."""

from recordgate_producers.fhir.bundle import parse
from recordgate_producers.fhir.extract import Extract, extract
from recordgate_producers.fhir.patient import Given, Patient, parse_system
from recordgate_producers.fhir.registration import (
    Registration,
    registration_controls,
    snapshot_control,
)
from recordgate_producers.fhir.report import Fate, Notice, Outcome, TypeRow, by_type

__all__ = [
    "Extract",
    "Fate",
    "Given",
    "Notice",
    "Outcome",
    "Patient",
    "Registration",
    "TypeRow",
    "by_type",
    "extract",
    "parse",
    "parse_system",
    "registration_controls",
    "snapshot_control",
]
