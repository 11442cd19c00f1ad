"""How large a field of a message may be: declared beside its type, held alike when a message is written and read.

So every key fits an index of PostgreSQL (2,704 bytes), and every message that follows from another fits its topic.
"""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from recordgate_schemas.errors import InvalidValue

ENTRY_BYTES = 8 * 1024 * 1024
"""The largest entry, and so the largest body."""

MOST_ITEMS = 50_000
"""No list has more items: the longest is a snapshot's, of a patient's entries."""


@dataclass(frozen=True, slots=True)
class Most:
    """The greatest size of a field: bytes of a text in UTF-8, bytes, or items of a list."""

    size: int

    def check(self, value: Any, field: str) -> None:
        """Raise InvalidValue, naming field and limit, when the value is larger."""
        if len(value) > self.size or (isinstance(value, str) and self._too_many_bytes(value)):
            unit = "items" if isinstance(value, tuple | list) else "bytes"
            raise InvalidValue(f"{field}: has more than {self.size} {unit}")

    def _too_many_bytes(self, text: str) -> bool:
        return not text.isascii() and len(text.encode("utf-8", "replace")) > self.size


Word = Annotated[str, Most(64)]
"""A code of ours: a reason, an outcome, a topic."""

Name = Annotated[str, Most(255)]
"""A name that a system gives: of itself, of a control, of a media type."""

TEXT_BYTES = 1_000
Text = Annotated[str, Most(TEXT_BYTES)]
"""A code, its system, a JSON pointer, a reason in words."""

Signature = Annotated[str, Most(400)]
"""A detached JWS: header, two dots, signature. Empty: not signed."""

Sha256 = Annotated[bytes, Most(64)]
Body = Annotated[bytes, Most(ENTRY_BYTES)]


def limits(cls: type) -> dict[str, int]:
    """Return the limits that a dataclass declares, by field."""
    hints = typing.get_type_hints(cls, include_extras=True)
    found = {}
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        if get_origin(hint) is Annotated:
            [found[field.name]] = [one.size for one in get_args(hint) if isinstance(one, Most)]
    return found
