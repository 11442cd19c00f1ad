"""Looks into a body for a NOPAT label that its envelope does not carry: the last wire before a release.

Rules never read bodies; this reads nothing but codes. A word NOPAT in a text is no label, nor is a stretch of base64
that happens to spell it; an escaped, doubled or attached label is one.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

import orjson
import simplejson

from recordgate_streams.policy.rules.hidden import NOPAT

_SUSPICIOUS = re.compile(rb'nopat|\\u|"data"', re.IGNORECASE)
"""Without any of these no label can be in a body: neither plain, nor escaped, nor inside an attachment."""

_ATTACHED = re.compile(
    rb"""(?:"(?:value)?code"\s*:\s*"|code\s*=\s*["']|<code\s+value\s*=\s*["'])\s*nopat""",
    re.IGNORECASE,
)


MOST_LEVELS = 100
"""Objects and lists inside one another. FHIR needs a third; every later step that walks a body relies on this."""


def is_json_object(body: bytes) -> bool:
    """True when the body can be read at all, now and by every later step; what cannot be read cannot be vouched for."""
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(resource, dict) and not _is_deep(body, resource)


def _is_deep(body: bytes, resource: dict[str, Any]) -> bool:
    if body.count(b"{") + body.count(b"[") <= MOST_LEVELS:
        return False  # too few brackets to be deep: the rule, and quick
    level: list[Any] = [resource]
    for _ in range(MOST_LEVELS):
        level = [part for node in level for part in _inside(node) if isinstance(part, dict | list)]
    return bool(level)


def _inside(node: Any) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node


def says_nopat(body: bytes) -> bool:
    """True when a JSON body carries a NOPAT label anywhere, also in a doubled key or inside an attached document."""
    if not _SUSPICIOUS.search(body):
        return False
    found: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(_is_label(key, value) for key, value in pairs)
        return dict(pairs)

    simplejson.loads(body.decode("utf-8"), object_pairs_hook=look)
    return any(found)


def _is_label(key: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if key in ("code", "valueCode"):
        return value.strip().upper() == NOPAT
    return key == "data" and _ATTACHED.search(_decoded(value)) is not None


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError):
        return b""
