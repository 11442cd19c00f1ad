"""The largest message that the schema allows, of each type."""

import dataclasses
import types
import typing
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

from recordgate_schemas.values import Audience, EntryId, GrantId, NhsNumber, OdsCode
from tests.support.builders import NHS_NUMBER

LARGEST: dict[Any, Any] = {
    NhsNumber: NHS_NUMBER,
    EntryId: EntryId("e" * 255),
    OdsCode: OdsCode("A" * 10),
    GrantId: GrantId("g" * 64),
    Audience: Audience("proxy:" + "g" * 64),
    int: 2**62,
    bool: True,
    date: date.max,
    datetime: datetime.max.replace(tzinfo=UTC),
}


def largest(hint: Any, **given: Any) -> Any:
    """Return the largest value of a type; `given`: fields of a dataclass that are something else."""
    if hint in LARGEST:
        return LARGEST[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _of_size(arguments[0], arguments[1].size)
    if origin in (types.UnionType, typing.Union):
        return largest(next(one for one in arguments if one is not type(None)))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return max(hint, key=len)
    hints = typing.get_type_hints(hint, include_extras=True)
    names = [field.name for field in dataclasses.fields(hint)]
    return hint(**{n: given[n] if n in given else largest(hints[n]) for n in names})


def _of_size(hint: Any, size: int) -> Any:
    if hint is str:
        return "x" * size
    if hint is bytes:
        return b"x" * size
    return (largest(typing.get_args(hint)[0]),) * size
