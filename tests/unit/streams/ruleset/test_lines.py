"""The line of a TOML value, or of the nearest table around it."""

import pytest

from recordgate_streams.ruleset.lines import line_of
from recordgate_streams.ruleset.problems import Path

TEXT = """# first line
name = "x"  # [not.a.table]
list = ["a", 'b']
long = [
  "one",  # ["in a comment", ]
  # "not an item"
  "t]wo", "three",
]
after = 1

[switches]
on_104 = "a"
"quoted key" = 2
[practices.A82038]
go_live = 2023-10-31
[ labels . "X" ]
self = "hold"

[[hints]]
phrase = "p"
[[hints]]
phrase = "q"
"""
PLACES: list[tuple[Path, int]] = [
    ((), 1),
    (("name",), 2),
    (("list",), 3),
    (("list", 1), 3),
    (("long",), 4),
    (("long", 0), 5),
    (("long", 1), 7),
    (("long", 2), 7),
    (("after",), 9),
    (("switches",), 11),
    (("switches", "on_104"), 12),
    (("switches", "quoted key"), 13),
    (("practices", "A82038"), 14),
    (("practices", "A82038", "go_live"), 15),
    (("labels", "X"), 16),
    (("labels", "X", "self"), 17),
    (("hints", 0, "phrase"), 20),
    (("hints", 1), 21),
    (("hints", 1, "phrase"), 22),
    (("switches", "missing"), 11),
    (("hints", 1, "missing"), 21),
    (("missing", "altogether"), 1),
]


@pytest.mark.parametrize(("path", "line"), PLACES, ids=str)
def test_a_value_is_found_on_its_line(path: Path, line: int) -> None:
    assert line_of(TEXT, path) == line
