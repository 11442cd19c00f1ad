"""The rooms of streams: how many there are, which of them speaks SQL, and the way of an entry through them."""

import ast
import re

from tests.support.sources import ROOT, modules

STREAMS = "streams/recordgate_streams"
MOST_ROOMS = 15
MOST_FILES_ON_THE_WAY = 10


def test_streams_has_few_rooms_and_no_module_beside_them() -> None:
    found = {name.removeprefix(f"{STREAMS}/") for name in modules(("streams",))}
    assert {name for name in found if "/" not in name} == {"__init__.py"}
    assert len({name.partition("/")[0] for name in found if "/" in name}) <= MOST_ROOMS


def test_in_streams_only_the_ledger_executes_sql() -> None:
    found = {
        name
        for name, tree in modules(("streams",)).items()
        if not name.startswith(f"{STREAMS}/ledger/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("execute", "executemany", "cursor", "stream", "copy")
    }
    assert "\n".join(sorted(found)) == ""


def test_the_way_of_an_entry_names_at_most_ten_files_and_all_exist() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme.split("## How an entry travels")[1].split("\n## ")[0]
    package, found = "", []
    for line in re.findall(r"^    (?:(\w+)/)? +([\w/]+\.(?:py|sql)) ", section, re.MULTILINE):
        package = line[0] or package
        found.append(f"{package}/recordgate_{package}/{line[1]}")
    assert 5 <= len(found) <= MOST_FILES_ON_THE_WAY
    assert len(set(found)) == len(found)
    assert [name for name in found if not (ROOT / name).is_file()] == []
