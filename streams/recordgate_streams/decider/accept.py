"""What an arriving entry version turns out to be, given the one that is stored. Pure."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from recordgate_schemas.entry import ClinicalEntry, Readiness, ThirdParty, Visibility
from recordgate_streams.bodies.nopat_scan import is_json_object, says_nopat
from recordgate_streams.bodies.redact import is_redactable
from recordgate_streams.policy.rules.hidden import NOPAT

_ANY_TIME = datetime.min.replace(tzinfo=UTC)
BODY_TYPE = "application/fhir+json"


class Arrival(StrEnum):
    """The classes of the account; received is always their sum."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


def classify(known: ClinicalEntry | None, new: ClinicalEntry) -> Arrival:
    """Return what an arrival is.

    The same version with the same content is a duplicate; with another content it is superseded, and the version is in
    conflict until a higher one settles it. A lower version is superseded, whenever it comes.
    """
    if known is None or new.version > known.version:
        return Arrival.ACCEPTED
    if new.version == known.version and content(new) == content(known):
        return Arrival.DUPLICATE
    return Arrival.SUPERSEDED


def content(entry: ClinicalEntry) -> ClinicalEntry:
    """Return what a publisher said; when it was extracted is no part of it."""
    return replace(entry, body=b"", extracted_at=_ANY_TIME)


def merge(known: ClinicalEntry, new: ClinicalEntry) -> ClinicalEntry:
    """Return what counts of two arrivals of one version, whichever came first.

    One content: with the later extraction. Two contents: both are held, and their fields are joined, so that nothing
    either of them says about relatives or the patient is missed (docs/specification.md, section 1).
    """
    if content(known) == content(new):
        return replace(known, extracted_at=max(known.extracted_at, new.extracted_at))
    chosen = max(known, new, key=lambda entry: entry.body_sha256)
    recorded = [known.recorded_at, new.recorded_at]
    joined: dict[str, Any] = {name: _greater(known, new, name) for name in GREATER}
    joined |= {name: _union(known, new, name) for name in UNITED}
    return replace(
        chosen,
        **joined,
        recorded_at=None if None in recorded else max(at for at in recorded if at is not None),
        readiness=_readiness(known, new),
        online_visibility=min(known.online_visibility, new.online_visibility, key=VISIBLE.index),
        third_party=min(known.third_party, new.third_party, key=OTHERS.index),
        staff_private=known.staff_private or new.staff_private,
        hide_tags_trusted=known.hide_tags_trusted and new.hide_tags_trusted,
        extracted_at=max(known.extracted_at, new.extracted_at),
    )


GREATER = ("practice", "system", "kind", "event_date", "available_at", "origin", "body_type")
UNITED = ("labels", "codes", "markers", "not_for_grants", "links", "elements")
VISIBLE = [Visibility.HIDDEN, Visibility.UNKNOWN, Visibility.UNSET, Visibility.SHOWN]
OTHERS = [ThirdParty.PRESENT, ThirdParty.UNKNOWN, ThirdParty.CLINICIAN_ONLY, ThirdParty.NONE]
"""From strict to loose."""


def _greater(one: ClinicalEntry, other: ClinicalEntry, field: str) -> Any:
    values = [value for e in (one, other) if (value := getattr(e, field)) is not None]
    return max(values, key=str, default=None)


def _union(one: ClinicalEntry, other: ClinicalEntry, field: str) -> tuple[Any, ...]:
    return tuple(sorted({*getattr(one, field), *getattr(other, field)}, key=str))


def _readiness(one: ClinicalEntry, other: ClinicalEntry) -> Readiness:
    """An error says nothing of the patient any more, so it counts only if both are one."""
    said = {one.readiness, other.readiness}
    return max(said - {Readiness.IN_ERROR} or said)


def body_lies(entry: ClinicalEntry) -> bool:
    """True when the body is not what the envelope says, or cannot be read.

    That is: another type than FHIR JSON, another hash, an element that cannot be dropped, or a NOPAT label that the
    envelope lacks.
    """
    body = entry.body
    if hashlib.sha256(body).digest() != entry.body_sha256:
        return True
    if entry.body_type != BODY_TYPE or not is_json_object(body) or not is_redactable(entry):
        return True
    labelled = any(label.code == NOPAT for label in entry.labels)
    return not labelled and says_nopat(body)
