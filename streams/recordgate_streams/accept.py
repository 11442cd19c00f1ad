"""What an arriving entry version turns out to be, given the one that is stored. Pure."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from recordgate_schemas.entry import ClinicalEntry
from recordgate_streams.ledger.rows import StoredEntry
from recordgate_streams.policy.rules.hidden import NOPAT
from recordgate_streams.redact import is_redactable

_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_NOPAT_CODE = re.compile(rb'"code"\s*:\s*"NOPAT"')


class Arrival(StrEnum):
    """The classes of the account; received is always their sum."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


def classify(known: StoredEntry | None, new: ClinicalEntry) -> tuple[Arrival, bool]:
    """Return what an arrival is, and whether it puts the stored version in conflict.

    The same version with the same content is a duplicate; with another content both are held (CONFLICT) until a
    higher version settles it. A lower version is superseded, whenever it comes.
    """
    if known is None or new.version > known.entry.version:
        return Arrival.ACCEPTED, False
    if new.version < known.entry.version:
        return Arrival.SUPERSEDED, False
    same = _content(new) == _content(known.entry)
    return (Arrival.DUPLICATE, False) if same else (Arrival.SUPERSEDED, True)


def _content(entry: ClinicalEntry) -> ClinicalEntry:
    """What a publisher said; when it was extracted is no part of it."""
    return replace(entry, body=b"", extracted_at=_ANY_TIME)


def body_lies(entry: ClinicalEntry) -> bool:
    """True when the body is not what the envelope says: its hash, its elements, a NOPAT label the envelope lacks."""
    if hashlib.sha256(entry.body).digest() != entry.body_sha256:
        return True
    if not is_redactable(entry):
        return True
    labelled = any(label.code == NOPAT for label in entry.labels)
    return not labelled and _NOPAT_CODE.search(entry.body) is not None
