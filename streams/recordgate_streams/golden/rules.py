"""The ruleset a case is decided under: the shipped one, or that with the case's changes."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from recordgate_schemas.errors import UsageError
from recordgate_streams import ruleset
from recordgate_streams.golden.cases import Fields
from recordgate_streams.policy.settings import Treatment
from recordgate_streams.ruleset import Ruleset

OWN = ("hash", "engine")


def rules_of(changes: Fields, base: Ruleset | None = None) -> Ruleset:
    """Return a ruleset with these switches, numbers, members or practices; tables may be unreadable.

    `base`: the ruleset to change, the shipped one if none is given.
    """
    found = base or ruleset.current()
    if not changes:
        return found
    data = copy.deepcopy({name: part for name, part in found.data.items() if name not in OWN})
    for name, value in changes.items():
        if name != "unreadable":
            _change(data, name, value)
    found = ruleset.from_data(data)
    return _without_labels(found) if "labels" in changes.get("unreadable", ()) else found


def _change(data: dict[str, Any], name: str, value: Any) -> None:
    for part in ("switches", "numbers"):
        if name in data[part]:
            data[part][name] = value
            return
    if name == "practices":
        data["practices"] = value
    elif name == "members":
        _add_members(data["code_sets"], value)
    else:
        raise UsageError(f"golden: no switch or number is called {name}")


def _add_members(code_sets: list[Fields], members: Mapping[str, list[str]]) -> None:
    known = {one["id"]: one for one in code_sets}
    for name, codes in members.items():
        known[name]["members"] = [*known[name]["members"], *codes]


class _Unreadable(Mapping[str, Treatment]):
    """A table that fails whenever a rule looks something up in it: how a rule is made to fail on purpose."""

    def __getitem__(self, key: str) -> Treatment:
        raise OSError("the table cannot be read")

    def __iter__(self) -> Iterator[str]:
        raise OSError("the table cannot be read")

    def __len__(self) -> int:
        return 1


def _without_labels(rules: Ruleset) -> Ruleset:
    return replace(rules, settings=replace(rules.settings, labels=_Unreadable()))
