"""One row less in each table of the rules, which mutmut does not touch: the histories and golden rows must notice."""

import sys
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import recordgate_streams
from recordgate_streams.golden.check import check
from tests.mutation.checkout import MUTATED
from tests.mutation.killers import COMPARED, MOMENTS, differing

PACKAGE = Path(recordgate_streams.__file__).parent
LEFT_OUT = {
    "policy.rules.flags.HOLD": "a word of MARKERS",
    "policy.rules.flags.NOT_FOR_PROXIES": "a word of MARKERS",
    "policy.rules.window.RESULTS_AND_LETTERS": "policy/test_window.py asks for every kind",
    "decider.accept.GREATER": "decider/test_accept.py asks for every field",
    "decider.accept.UNITED": "decider/test_accept.py asks for every field",
    "decider.routing.FIRST": "decider/test_routing.py asks for every queue",
    "decider.objections.AUDIENCE_RULES": "the rules themselves, each of which is mutated",
    "decider.objections.ENTRY_RULES": "the rules themselves, each of which is mutated",
    "decider.tasks.OF_PATIENTS": "decider/test_tasks.py asks for every reason",
    "decider.tasks.OF_ENTRIES": "decider/test_tasks.py asks for every reason and outcome",
}
"""Tables that other tests answer for; paths are those of tests/unit/streams."""

SAME = {("policy.rules.flags.MARKERS", "unknown"): "a marker on no list is an unknown one"}
"""Rows that say what would hold without them."""


def tables() -> Iterator[tuple[str, Any]]:
    """Every set, mapping or tuple that a module of the rules keeps under a name in capitals, once."""
    seen: set[int] = set()
    for path in (path for folder in MUTATED for path in _modules(folder)):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        module = import_module(".".join((recordgate_streams.__name__, *parts)))
        for name, table in vars(module).items():
            is_table = name.isupper() and isinstance(table, dict | frozenset | tuple)
            if is_table and id(table) not in seen:
                seen.add(id(table))
                yield f"{'.'.join(parts)}.{name}", table


def _modules(folder: str) -> list[Path]:
    return sorted((PACKAGE.parent / folder).rglob("[!_]*.py"))


def rows() -> Iterator[Any]:
    for name, table in tables():
        for place, row in enumerate(table):
            if name not in LEFT_OUT and (name, row) not in SAME:
                yield pytest.param(table, place, id=f"{name}-{row}")


@pytest.mark.parametrize(("table", "place"), list(rows()))
def test_a_row_less_is_noticed(table: Any, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in _holders(table):
        monkeypatch.setattr(module, name, _without(table, place))
    assert _is_noticed()


def test_with_every_row_in_place_there_is_nothing_to_notice() -> None:
    assert not _is_noticed()


def _without(table: Any, place: int) -> Any:
    kept = [row for at, row in enumerate(table) if at != place]
    return {row: table[row] for row in kept} if isinstance(table, dict) else type(table)(kept)


def _holders(table: Any) -> list[tuple[Any, str]]:
    """Every module of ours that knows the table, under whatever name."""
    ours = [found for name, found in sys.modules.items() if name.startswith("recordgate_streams")]
    return [
        (module, name) for module in ours for name in vars(module) if vars(module)[name] is table
    ]


def _is_noticed() -> bool:
    if any(differing(seed) for seed in list(COMPARED)[:2]):
        return True
    if any(True for _ in check(datetime.fromisoformat(MOMENTS[0]))):
        return True
    return any(differing(seed) for seed in list(COMPARED)[2:])
