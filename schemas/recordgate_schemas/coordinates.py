"""Where a record lies: topic, partition and offset, written `controls/3/17`. Names a record without its content."""

import re
from dataclasses import dataclass
from typing import Self

from recordgate_schemas.errors import InvalidValue

_FORM = re.compile(r"([a-z]{1,20})/([0-9]{1,9})/([0-9]{1,18})")


@dataclass(frozen=True, slots=True, order=True)
class Coordinates:
    """A record's place; `topic` as the catalogue names it, without a prefix."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the coordinates that `topic/partition/offset` names; raise InvalidValue otherwise."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidValue("coordinates: must be topic/partition/offset, such as controls/3/17")
        return cls(found[1], int(found[2]), int(found[3]))

    def __str__(self) -> str:
        """The form that `parse` reads."""
        return f"{self.topic}/{self.partition}/{self.offset}"
