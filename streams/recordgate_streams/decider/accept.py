"""Accepts an arriving entry version beside the one that is known. Pure.

Both lanes of arrival come here: records of the topic `entries`, and written histories.
"""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from recordgate_schemas.entry import ClinicalEntry, Readiness, ThirdParty, Visibility
from recordgate_streams.decider.record import AcceptedEntry
from recordgate_streams.policy.decision import Integrity

_ANY_TIME = datetime.min.replace(tzinfo=UTC)


class Arrival(StrEnum):
    """The classes of the account; received is always their sum."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


def accept(known: AcceptedEntry | None, new: AcceptedEntry) -> tuple[Arrival, AcceptedEntry]:
    """Return what an arrival is, and the version that counts after it.

    A higher version replaces the known one. A lower one is superseded, whenever it comes. The same version with the
    same content is a duplicate. With another content, or when only one of the two has a wrong body, it is superseded
    and the version is in conflict until a higher one settles it.
    """
    if known is None or new.entry.version > known.entry.version:
        return Arrival.ACCEPTED, new
    if new.entry.version < known.entry.version:
        return Arrival.SUPERSEDED, known
    differ = content(known.entry) != content(new.entry)
    conflict = differ or known.integrity.body_mismatch != new.integrity.body_mismatch
    later = new.entry.extracted_at > known.entry.extracted_at
    integrity = Integrity(
        conflict=known.integrity.conflict or conflict,
        body_mismatch=known.integrity.body_mismatch or new.integrity.body_mismatch,
        gone_at_source=(new if later else known).integrity.gone_at_source,
        text_hint=known.integrity.text_hint or new.integrity.text_hint,
    )
    duplicate = not differ and integrity.conflict == known.integrity.conflict
    arrival = Arrival.DUPLICATE if duplicate else Arrival.SUPERSEDED
    return arrival, replace(known, entry=merge(known.entry, new.entry), integrity=integrity)


def content(entry: ClinicalEntry) -> ClinicalEntry:
    """Return what a publisher states about an entry; the time of extraction is no part of it."""
    return replace(entry, body=b"", extracted_at=_ANY_TIME)


def merge(known: ClinicalEntry, new: ClinicalEntry) -> ClinicalEntry:
    """Return the entry that counts after two arrivals of one version, in whichever order they came.

    Equal contents: with the later time of extraction. Different contents: the fields are joined, so that nothing that
    either of them states about relatives or the patient is missed (docs/specification.md, section 1).
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
    """An entry in error states nothing about the patient any more, so that counts only if both are in error."""
    stated = {one.readiness, other.readiness}
    return max(stated - {Readiness.IN_ERROR} or stated)
