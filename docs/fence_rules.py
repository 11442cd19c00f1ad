"""The rules of the fence: docs/fence-rules.toml as the page docs/reference/fence-rules.md (`make docs`)."""
# ruff: noqa: INP001  a script beside the pages it writes

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "fence-rules.toml"
HEAD = ("rule", "what it says", "without it", "kept in", "test")
OPENING = """# Rules of the fence

Made from `docs/fence-rules.toml` by `make docs`; do not edit.

The rules by which no reader sees what a control forbids, whatever arrives when ([architecture](../architecture.md)).
`tests/model/fence/` has a machine for each group and visits all of its states: with every rule it is safe and ends
right, without any one of them it is not. Each rule is kept by one line of the product; `make fence-mutants` breaks that
line and sees the test fail.
"""
GROUPS = {
    "A": "The outbox",
    "B": "A restored ledger",
    "C": "Follow-up in pages",
    "D": "Hidden relatives",
    "E": "The lease",
    "F": "Routing",
    "G": "A publisher's hide",
}


@dataclass(frozen=True, slots=True)
class FenceRule:
    """One rule. `line` stands once in `file` and keeps it, `test` fails when it is `broken`; or why it is `missing`."""

    id: str
    meaning: str
    without: str
    file: str = ""
    line: str = ""
    broken: str = ""
    test: str = ""
    missing: str = ""


def read() -> tuple[FenceRule, ...]:
    """Return the rules in the order of the data file."""
    return tuple(FenceRule(**one) for one in tomllib.loads(DATA.read_text("utf-8"))["rule"])


def page(rules: Iterable[FenceRule]) -> str:
    """Return the page."""
    rules = tuple(rules)
    lines = [OPENING, _summary(rules)]
    for letter, title in GROUPS.items():
        lines += ["", f"## {letter}: {title}", "", _line(HEAD), _line(("---",) * len(HEAD))]
        lines += [_line(_cells(rule)) for rule in rules if rule.id[0] == letter]
    return "\n".join(lines) + "\n"


def _summary(rules: tuple[FenceRule, ...]) -> str:
    missing = ", ".join(rule.id for rule in rules if rule.missing)
    return f"**{len(rules)} rules.** Not kept by the product yet: {missing or 'none'}."


def _cells(rule: FenceRule) -> tuple[str, ...]:
    kept = f"`{rule.file}`<br>`{rule.line}`" if rule.file else f"**Not yet.** {rule.missing}"
    return rule.id, rule.meaning, rule.without, kept, f"`{rule.test}`" if rule.test else "-"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
