"""Finds phrases in the text of a body. The only look into a body that a decision ever takes, and it only ever holds."""

import html
import re
from collections.abc import Iterator
from functools import lru_cache

import orjson

from recordgate_streams.policy.settings import PolicySettings

_APOSTROPHES = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "`": "'"})
_MARKUP = re.compile(r"<[^<>]*>")
_BETWEEN = "\0"
"""Stands between two strings of a body; no phrase can reach across it."""


def has_hint(settings: PolicySettings, body: bytes) -> bool:
    """Return True when the ruleset asks for text hints and the body has one of its phrases."""
    return settings.switches.text_hints and find_hint(settings.hint_phrases, body)


def find_hint(phrases: tuple[str, ...], body: bytes) -> bool:
    """True when a string of the body holds one of the phrases as whole words, or when the body is no JSON.

    Letter case, the number and kind of spaces, the kind of apostrophe and markup between words make no difference.
    What is encoded once more, such as base64 of an attachment, is not looked into.
    """
    if not phrases:
        return False
    try:
        text = _BETWEEN.join(_strings(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return True
    return _pattern(phrases).search(_plain(text)) is not None


def _strings(value: object) -> Iterator[str]:
    """Yield every string value of a JSON document; names of fields are none."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _plain(text: str) -> str:
    return html.unescape(_MARKUP.sub(" ", text)).translate(_APOSTROPHES)


@lru_cache(maxsize=8)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    wanted = (r"\s+".join(re.escape(word) for word in _plain(p).split()) for p in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(wanted)})(?!\w)", re.IGNORECASE)
