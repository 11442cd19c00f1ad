"""Checks a body against its envelope when an entry arrives, so that no later step meets a body it cannot handle."""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from recordgate_schemas.entry import ClinicalEntry
from recordgate_streams.bodies.nopat_scan import has_nopat
from recordgate_streams.bodies.redact import is_redactable
from recordgate_streams.policy.rules.hidden import NOPAT

BODY_TYPE = "application/fhir+json"
MOST_LEVELS = 100
"""Nested objects and lists. FHIR needs a third of it; every later step that walks a body relies on this limit."""


def body_mismatch(entry: ClinicalEntry) -> bool:
    """Return True when the body is not what the envelope describes, or cannot be read.

    That is: another type than FHIR JSON, another hash, an element that cannot be dropped, or a NOPAT label that the
    envelope lacks.
    """
    body = entry.body
    if hashlib.sha256(body).digest() != entry.body_sha256:
        return True
    if entry.body_type != BODY_TYPE or not is_json_object(body) or not is_redactable(entry):
        return True
    labelled = any(label.code == NOPAT for label in entry.labels)
    return not labelled and has_nopat(body)


def is_json_object(body: bytes) -> bool:
    """Return True when the body is one JSON object that every later step can read."""
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(resource, dict) and not _is_too_deep(body, resource)


def _is_too_deep(body: bytes, resource: dict[str, Any]) -> bool:
    if body.count(b"{") + body.count(b"[") <= MOST_LEVELS:
        return False  # too few brackets to be deep: true of nearly every body, and quick to see
    level: list[Any] = [resource]
    for _ in range(MOST_LEVELS):
        level = [part for node in level for part in _parts(node) if isinstance(part, dict | list)]
    return bool(level)


def _parts(node: Any) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node
