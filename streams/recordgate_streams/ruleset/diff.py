"""The differences between two rulesets, in lines that a person can approve."""

from collections.abc import Iterator, Mapping
from typing import Any

from recordgate_streams.ruleset.bundle import Ruleset

_FIRST = 5
"""So many of the values added to or removed from a list are named."""


def differences(old: Ruleset, new: Ruleset) -> list[str]:
    """Return one line for each difference: switches, numbers, practices, labels, sets, members, texts, engine."""
    return list(_differences("", _keyed(old.data), _keyed(new.data)))


def _keyed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data without its hash, sets and hints known by what names them instead of by place."""
    return {
        **{key: value for key, value in data.items() if key != "hash"},
        "code_sets": {one["id"]: one for one in data["code_sets"]},
        "hints": {one["phrase"]: one["why"] for one in data["hints"]},
    }


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_tables(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(path, set(old), set(new))
    else:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _of_tables(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for key in (*old, *(key for key in new if key not in old)):
        place = f"{path}.{key}" if path else key
        if key not in new:
            yield f"{place}: removed, was {_shown(old[key])}"
        elif key not in old:
            yield f"{place}: added, {_shown(new[key])}"
        else:
            yield from _differences(place, old[key], new[key])


def _of_lists(path: str, old: set[str], new: set[str]) -> Iterator[str]:
    for what, values in (("added", new - old), ("removed", old - new)):
        if values:
            first = ", ".join(sorted(values)[:_FIRST])
            more = ", ..." if len(values) > _FIRST else ""
            yield f"{path}: {len(values)} {what}: {first}{more}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items() if one != "")
    if isinstance(value, list):
        return f"{len(value)} of them" if len(value) > _FIRST else "[" + ", ".join(value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
