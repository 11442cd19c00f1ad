"""Numbers and words as people and machines spell them: odd digits, gaps, entities, encodings. One reading for all."""

import base64
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from recordgate_producers.fhir.tree import Json, text

DIGITS = 10
"""Of an NHS number."""

_LOOKALIKES = str.maketrans("OolI", "0011")
_GAP = r"[\s.\-\u2010-\u2015]{0,2}"
_ALONE = re.compile(
    rf"(?:(?<![0-9A-Za-z+])|(?<=nhs)|(?<=nhsno))[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}(?![0-9A-Za-z])",
    re.IGNORECASE,
)
"""Ten digits by themselves: together, or three, three and four."""

_DIGIT = r"[0-9OolI]"
_ANY_GAP = r"[^0-9A-Za-z]{0,3}"
_IN_WORDS = re.compile(
    rf"(?<![0-9+])(?=({_DIGIT}{{3}}{_ANY_GAP}{_DIGIT}{{3}}{_ANY_GAP}{_DIGIT}{{4}})(?![0-9]))"
)
"""The same with any gap, beside letters, and with letters that look like digits."""

_GROUPED = re.compile(
    r"(?<![0-9+])(?<![0-9][\s.\-])[0-9]+(?:([\s.\-])[0-9]+)(?:\1[0-9]+)*(?![0-9])"
)
"""Digits in any groups with one sort of gap between them."""

_LONG = re.compile(r"[0-9A-Za-z]{24,}")
"""What no person writes: a digest, an id."""

_LEAST_DIGITS = 7
_PDF = b"%PDF"


def plain(value: str) -> str:
    """Return a text in the characters it looks like: digits of any script as 0 to 9, no invisible ones, no entities."""
    if value.isascii() and "&" not in value:
        return value
    written = unicodedata.normalize("NFKC", html.unescape(value))
    return "".join(
        str(unicodedata.decimal(one, one)) for one in written if unicodedata.category(one) != "Cf"
    )


def squeezed(value: str) -> str:
    """Return the letters and digits of a text, those that look like digits as digits."""
    return re.sub(r"[^0-9A-Za-z]", "", plain(value)).translate(_LOOKALIKES)


def numbers_in_words(value: str) -> Iterator[str]:
    """Yield what may be an NHS number in something that people read."""
    written = plain(value)
    for found in _IN_WORDS.finditer(_LONG.sub(" ", written)):
        if sum(one.isdigit() for one in found[1]) >= _LEAST_DIGITS:
            yield squeezed(found[1])
    for found in _GROUPED.finditer(written):
        digits = re.sub(r"[^0-9]", "", found[0])
        if len(digits) == DIGITS and (found[1].isspace() or found[0].count(found[1]) > 1):
            yield digits


def numbers_alone(value: str) -> Iterator[str]:
    """Yield what may be an NHS number in what machines write: by itself, since other digits are many there."""
    return (re.sub(r"[^0-9]", "", found) for found in _ALONE.findall(plain(value)))


def words_of(attachment: Json) -> str:
    """Return the words of an attached text, with and without its markup; of other files nobody here can read any."""
    is_text = (text(attachment, "contentType") or "").strip().casefold().startswith("text/")
    raw = _bytes_of(attachment)
    if raw.startswith(_PDF):
        return ""
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        written = raw.decode(encoding, "replace" if is_text else "strict")
    except UnicodeDecodeError:
        return ""
    return f"{written} {re.sub('<[^>]*>', '', written)}" if "<" in written else written


def _bytes_of(attachment: Json) -> bytes:
    scheme, _, inline = (text(attachment, "url") or "").strip().partition(",")
    data = text(attachment, "data")
    try:
        if data is None and scheme.casefold().startswith("data:"):
            raw = unquote_to_bytes(inline)
            return base64.b64decode(raw) if "base64" in scheme.casefold() else raw
        return base64.b64decode(data or "")
    except ValueError:
        return b""
