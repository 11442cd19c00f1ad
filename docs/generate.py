"""Writes docs/reference from the code: `make docs`. A test fails when the committed pages differ."""
# ruff: noqa: INP001  a script beside the pages it writes

import ast
import inspect
import json
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from recordgate_runtime import metrics
from recordgate_runtime.logs import FIELDS, LogCode
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.topics import DAY_MS, TOPICS
from recordgate_streams.policy import decide, rules
from recordgate_streams.policy.rules import RULES

FOLDER = Path(__file__).parent / "reference"
MEANINGS = tomllib.loads((Path(__file__).parent / "reasons.toml").read_text("utf-8"))
NOTE = "Made from the code by `make docs`; do not edit."


def pages() -> dict[str, str]:
    """Return every page by file name."""
    return {
        "topics.md": topics(),
        "schemas.md": schemas(),
        "settings.md": settings(),
        "metrics.md": metric_catalogue(),
        "log-codes.md": log_codes(),
        "reasons.md": reasons(),
        "rules.md": rule_book(),
    }


def topics() -> str:
    """The topic catalogue."""
    lines = _table(
        ("topic", "carries", "written by", "read by", "schema", "kept, days", "largest, KiB"),
        (
            (
                f"`{t.name}`",
                t.carries,
                ", ".join(t.writers),
                ", ".join(t.readers),
                f"[{t.schema}](schemas.md#{_anchor(t.schema)})",
                t.retention_ms // DAY_MS,
                t.max_bytes // 1024,
            )
            for t in TOPICS
        ),
    )
    keyed = "Keyed by NHS number, partitioned by murmur2, never compacted, stamped by the broker."
    return _page("Topics", keyed, *lines)


def schemas() -> str:
    """Every schema file: its types, their fields and symbols."""
    lines: list[str] = []
    for topic in TOPICS:
        lines += ["", f"## {topic.schema}", ""]
        lines += [f"Topic `{topic.name}`, fingerprint `{codec.lock()[topic.schema]}`."]
        for named in _named(json.loads(codec.schema_text(topic.schema))):
            lines += ["", f"### {named['name']}", "", named["doc"], ""]
            if named["type"] == "enum":
                lines += ["One of " + ", ".join(f"`{symbol}`" for symbol in named["symbols"]) + "."]
            elif named["fields"]:
                fields = ((f"`{f['name']}`", _type(f["type"])) for f in named["fields"])
                lines += _table(("field", "type"), fields)
    return _page("Schemas", "Avro single objects: `C3 01`, the fingerprint, the body.", *lines)


def settings() -> str:
    """Every setting."""
    rows = (
        (
            f"`RECORDGATE_{name.upper()}`",
            getattr(field.annotation, "__name__", str(field.annotation)),
            f"`{field.default}`" if str(field.default) else "empty",
            ", ".join(_limit(limit) for limit in field.metadata),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    )
    read = "Read once from the environment; every wrong one is named in one message."
    return _page(
        "Settings", read, *_table(("variable", "type", "default", "limits", "meaning"), rows)
    )


def metric_catalogue() -> str:
    """Every metric."""
    rows = []
    for metric in (m for m in vars(metrics).values() if isinstance(m, MetricWrapperBase)):
        for family in metric.describe():
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001
            name = f"{family.name}_total" if family.type == "counter" else family.name
            rows.append((f"`{name}`", family.type, labels, family.documentation))
    served = "Served by every process on `/metrics`; labels come from closed sets, never a patient."
    return _page("Metrics", served, *_table(("metric", "type", "labels", "meaning"), rows))


def log_codes() -> str:
    """Every line a process may write."""
    rows = ((f"`{code.name}`", *code.value) for code in LogCode)
    fields = "Fields a line may carry: " + ", ".join(f"`{field}`" for field in sorted(FIELDS)) + "."
    return _page("Log codes", fields, *_table(("code", "level", "meaning"), rows))


def reasons() -> str:
    """Outcomes, and reasons with the rules that give them."""
    outcomes = ((f"`{o}`", MEANINGS["outcomes"][o]) for o in reversed(Outcome))
    given = reasons_by_rule()
    rows = (
        (
            f"`{reason}`",
            "yes" if reason in INTEGRITY else "",
            MEANINGS["reasons"][reason],
            ", ".join(f"[{rule}](rules.md#{rule})" for rule, has in given.items() if reason in has),
        )
        for reason in Reason
    )
    return _page(
        "Outcomes and reasons",
        "A hold for a reason of integrity outranks every other outcome.",
        *_table(("outcome", "meaning"), outcomes),
        "",
        *_table(("reason", "integrity", "meaning", "given by"), rows),
    )


def rule_book() -> str:
    """One section a rule, in the order of reasons on a reviewer's screen."""
    lines: list[str] = []
    for rule in RULES:
        module = _module(rule)
        given = ", ".join(f"`{reason}`" for reason in sorted(reasons_by_rule()[rule.__name__]))
        lines += ["", f"## {rule.__name__}", "", inspect.getdoc(module) or "", ""]
        lines += [inspect.getdoc(rule) or "", "", f"Reasons: {given}."]
    lines += ["", "## decide", "", inspect.getdoc(decide) or "", ""]
    given = ", ".join(f"`{reason}`" for reason in sorted(reasons_by_rule()["decide"]))
    lines += [f"Reasons: {given}."]
    return _page("Rules", inspect.getdoc(rules) or "", *lines)


def reasons_by_rule() -> dict[str, set[Reason]]:
    """Return which reasons each rule's file names, and decide() itself."""
    files = {rule.__name__: _module(rule) for rule in RULES} | {"decide": decide}
    return {name: _reasons_in(inspect.getsource(module)) for name, module in files.items()}


def _reasons_in(source: str) -> set[Reason]:
    named = (
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    )
    return {Reason[name] for name in named}


def _module(rule: Any) -> ModuleType:
    return sys.modules[rule.__module__]


def _named(node: Any) -> Iterable[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") in ("record", "enum"):
            yield node
        for child in node.values():
            yield from _named(child)
    elif isinstance(node, list):
        for child in node:
            yield from _named(child)


def _type(node: Any) -> str:
    if isinstance(node, list):
        return " or ".join(_type(branch) for branch in node)
    if isinstance(node, str):
        return node.rpartition(".")[2]
    if node["type"] == "array":
        return f"list of {_type(node['items'])}"
    return str(node.get("logicalType") or node.get("name") or node["type"])


def _limit(limit: Any) -> str:
    signs = {"Ge": ("ge", "from"), "Gt": ("gt", "above"), "Le": ("le", "to"), "Lt": ("lt", "below")}
    attribute, word = signs[type(limit).__name__]
    return f"{word} {getattr(limit, attribute)}"


def _anchor(heading: str) -> str:
    return heading.replace(".", "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    cells = [head, ("---",) * len(head), *rows]
    return [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells
    ]


def _page(title: str, opening: str, *lines: str) -> str:
    body = "\n".join(lines).strip("\n")
    return f"# {title}\n\n{NOTE}\n\n{opening}\n\n{body}\n"


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
