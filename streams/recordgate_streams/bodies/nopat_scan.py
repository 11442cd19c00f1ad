"""Scans a body for a NOPAT label that its envelope does not carry: the last check before a release.

Only codes are read. The word NOPAT in a text is no label, nor is a stretch of base64 that happens to spell it. A label
that is escaped, stands in a repeated key or inside an attachment is one.
"""

import base64
import binascii
import re
from typing import Any

import simplejson

from recordgate_streams.policy.rules.hidden import NOPAT

_POSSIBLE = re.compile(rb'nopat|\\u|"data"', re.IGNORECASE)
"""A body without any of these has no label: neither plain, nor escaped, nor inside an attachment."""

_ATTACHED = re.compile(
    rb"""(?:"(?:value)?code"\s*:\s*"|code\s*=\s*["']|<code\s+value\s*=\s*["'])\s*nopat""",
    re.IGNORECASE,
)


def has_nopat(body: bytes) -> bool:
    """Return True when a JSON body carries a NOPAT label anywhere."""
    if not _POSSIBLE.search(body):
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
