"""Coordinates: one way to write them, and nothing else is read."""

import pytest

from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import InvalidValue


def test_what_is_written_is_read() -> None:
    where = Coordinates("controls", 3, 17)
    assert str(where) == "controls/3/17"
    assert Coordinates.parse(str(where)) == where


@pytest.mark.parametrize(
    "text",
    ["", "controls", "controls/3", "controls/3/-1", "controls/a/1", "Controls/3/17", "controls/3/17\n",
     "controls/3/17/1", "controls/3/9999999999999999999", "controls/3/\u0661"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="topic/partition/offset"):
        Coordinates.parse(text)
