"""Writes docs/reference from the code, and docs/reliability.md: `make docs`. Tests fail when pages committed differ."""
# ruff: noqa: INP001  a script beside the pages it writes

import ast
import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from docs import authority, fence_rules, fhir, golden, reliability, review_workflow
from recordgate_runtime import metrics
from recordgate_runtime.logs import FIELDS, LogCode
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec, control, entry, messages
from recordgate_schemas.bounds import limits
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.topics import DAY_MS, TOPICS
from recordgate_streams import ruleset
from recordgate_streams.decider import cascade, objections, review
from recordgate_streams.policy import decision, rules
from recordgate_streams.policy.rules import AUDIENCE_RULES, ENTRY_RULES
from recordgate_streams.ruleset import describe

FOLDER = Path(__file__).parent / "reference"
RULESET = ruleset.current()
MESSAGES: dict[str, type] = {
    name: found for module in (entry, control, messages) for name, found in vars(module).items()
}
"""Every message and part of one, by name."""
RULES = (*AUDIENCE_RULES, *ENTRY_RULES)
BESIDE = (cascade, review, objections)
"""Modules of the policy that give reasons and are no rules."""
BY_TABLE = "those that the [tables](ruleset.md) name"
NOTHING = ("release", "release")
NOTE = "Made from the code by `make docs`; do not edit."


def pages() -> dict[str, str]:
    """Return every page by file name."""
    return {
        "topics.md": topics(),
        "schemas.md": schemas(),
        "settings.md": settings(),
        "metrics.md": metric_catalogue(),
        "controls.md": _page(*authority.TITLE, *_table(authority.HEAD, authority.rows())),
        "log-codes.md": log_codes(),
        "reasons.md": reasons(),
        "rules.md": rule_book(),
        "ruleset.md": ruleset_data(),
        "fhir-elements.md": _page("FHIR elements", fhir.OPENING, *_table(fhir.HEAD, fhir.rows())),
        "review-workflow.md": review_workflow.page(_page, _table),
        "fence-rules.md": fence_rules.page(fence_rules.read()),
    }


def topics() -> str:
    """The topic catalogue."""
    lines = _table(
        ("topic", "carries", "written by", "read by", "schema", "kept, days", "largest, KiB"),
        (
            (
                f"`{t.name}`",
                t.carries,
                _coded(t.writers),
                _coded(t.readers),
                f"[{t.schema}](schemas.md#{_anchor(t.schema)})",
                t.retention_ms // DAY_MS,
                t.max_bytes // 1024,
            )
            for t in TOPICS
        ),
    )
    keyed = (
        "Keyed by NHS number (notices in `quarantined` have no key), partitioned by murmur2, never compacted, stamped"
        " by the broker."
    )
    return _page("Topics", keyed, *lines)


def schemas() -> str:
    """Every schema file: its types, their fields and symbols."""
    lines: list[str] = []
    carried = [(topic, name) for topic in TOPICS for name in (topic.schema, topic.tick) if name]
    for topic, name in carried:
        lines += ["", f"## {name}", ""]
        lines += [f"Topic `{topic.name}`, fingerprint `{codec.locked_fingerprints()[name]}`."]
        for named in _named(json.loads(codec.schema_text(name))):
            lines += ["", f"### {named['name']}", "", named["doc"], ""]
            if named["type"] == "enum":
                lines += ["One of " + ", ".join(f"`{symbol}`" for symbol in named["symbols"]) + "."]
            elif named["fields"]:
                most = limits(MESSAGES[named["name"]])
                fields = (
                    (
                        f"`{f['name']}`",
                        _type(f["type"]),
                        f"{most[f['name']]:,}" if f["name"] in most else "",
                    )
                    for f in named["fields"]
                )
                lines += _table(("field", "type", "at most"), fields)
    about = (
        "Avro single objects: `C3 01`, the fingerprint, the body. *At most*: bytes of a text (in UTF-8) or of bytes,"
        " items of a list; whoever writes or reads a message refuses more. Ids have patterns: 255 bytes at most."
    )
    return _page("Schemas", about, *lines)


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
    """Outcomes, and reasons: what they tell a reviewer, what follows from them, and what gives them."""
    outcomes = ((f"`{o}`", RULESET.reasons.outcomes[o]) for o in reversed(Outcome))
    rows = (
        (
            f"`{reason}`",
            "yes" if reason in INTEGRITY else "",
            RULESET.reasons[reason].reviewer,
            RULESET.reasons[reason].remedy,
            ", ".join(_consequences(RULESET.reasons[reason])),
            RULESET.reasons[reason].guidance,
            ", ".join(_given_by(reason)),
        )
        for reason in Reason
    )
    head = ("reason", "integrity", "meaning", "what would change it", "work", "sources", "given by")
    return _page(
        "Outcomes and reasons",
        "A hold for a reason of integrity outranks every other outcome. Every patient reads the same sentence,"
        f" whatever is or is not shown: *{RULESET.reasons.notice}*",
        *_table(("outcome", "meaning"), outcomes),
        "",
        *_table(head, rows),
    )


def _consequences(text: ruleset.ReasonText) -> Iterable[str]:
    if text.queue:
        yield f"{text.queue} queue"
    if text.task:
        yield f"{text.task} task"
    if text.bulk_release:
        yield "released in bulk"
    if text.hide_first:
        yield "hiding is offered first"


def _given_by(reason: Reason) -> Iterable[str]:
    for rule, has in reasons_by_rule().items():
        if reason in has:
            yield f"[{rule}](rules.md#{rule})"
    if reason in reasons_by_table():
        yield "[labels and code sets](ruleset.md)"


def ruleset_data() -> str:
    """The shipped ruleset: switches, numbers, labels, code sets."""
    data = RULESET.data
    switches = (
        (f"`{name}`", _shown(value), describe.meaning("switches", name))
        for name, value in data["switches"].items()
    )
    numbers = (
        (f"`{name}`", value, describe.meaning("numbers", name))
        for name, value in data["numbers"].items()
    )
    labels = (
        (f"`{code}`", one["title"], one["self"], one["proxy"], one["reason"], one["source"])
        for code, one in data["labels"].items()
    )
    sets = (
        (
            f"`{one['id']}`",
            one["title"],
            one["self"],
            one["proxy"],
            one["reason"],
            one["signal"],
            len(one["members"]),
            one["source"],
        )
        for one in data["code_sets"]
    )
    asks = ("title", "patient", "proxies", "reason")
    return _page(
        "Ruleset",
        f"The shipped ruleset `{RULESET.name}`. Source keys are those of the domain reference.",
        "## Switches",
        "",
        *_table(("switch", "shipped", "meaning"), switches),
        "",
        "## Numbers",
        "",
        *_table(("number", "shipped", "meaning"), numbers),
        "",
        "## Labels",
        "",
        *_table(("label", *asks, "source"), labels),
        "",
        "## Code sets",
        "",
        *_table(("set", *asks, "signal", "members", "source"), sets),
    )


def _shown(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def rule_book() -> str:
    """Precedence, switches, the golden decision table group by group, and each rule."""
    return _page(
        "Rules",
        "What is decided, as a table to check: every row of the golden decision table, and the rules that give its"
        " reasons. All of it is run by `recordgate rules golden`, and through the whole product by our tests; what is"
        " stated and expected exactly is in `streams/recordgate_streams/golden/`. The norm is the"
        " [specification](../specification.md); source keys are those of the domain reference; [G] published"
        " guidance, [S] our choice, [U] unverified.",
        *_precedence(),
        *_switches(),
        *_golden(),
        *_each_rule(),
    )


def _precedence() -> Iterable[str]:
    yield from ("## Which outcome", "", "The first of these that any reason asks for:", "")
    yield f"1. `HELD`, for a reason of integrity: {', '.join(f'`{r}`' for r in sorted(INTEGRITY))}"
    order = (*decision._PRECEDENCE, Outcome.RELEASED)  # noqa: SLF001
    yield from (f"{n}. `{o}`: {RULESET.reasons.outcomes[o]}" for n, o in enumerate(order, 2))


def _switches() -> Iterable[str]:
    yield from ("", "## Switches", "")
    rows = (
        (f"`{name}`", ", ".join(f"`{c}`" for c in describe.choices(name)), describe.meaning("switches", name))
        for name in RULESET.data["switches"]
    )  # fmt: skip
    yield from _table(("switch", "choices, ours first", "meaning"), rows)


def _golden() -> Iterable[str]:
    yield from ("", "## Golden decision table", "")
    yield (
        "Every row begins with P0: aged 40, registered at practice A since 2020-03-01, live since 2023-10-31, full"
        " access, nothing historic, no codes; a proxy has full access since January 2024. The entry is E0: a finished"
        " consultation recorded on 2025-06-02, without labels. A row says what is different. Rows show several faces"
        " where there are some; the first is the one the domain reference states."
    )
    yield from ("", "### What is expected", "")
    yield from _table(("word", "is met when"), ((f"`{w}`", m) for w, m in golden.MEANINGS.items()))
    for group, rows in golden.groups():
        yield from ("", f"### {group}", "")
        yield from _table(golden.HEAD, rows)
    yield from ("", "### What a run does not show", "")
    yield from _table(("row", "in memory", "through the product"), golden.unseen())


def _each_rule() -> Iterable[str]:
    """One section per rule, in the order of reasons on a reviewer's screen."""
    yield from ("", "## Each rule", "", inspect.getdoc(rules) or "")
    for rule in RULES:
        module = _module(rule)
        given = ", ".join(f"`{reason}`" for reason in sorted(reasons_by_rule()[rule.__name__]))
        yield from ("", f"### {rule.__name__}", "", inspect.getdoc(module) or "", "")
        yield from (inspect.getdoc(rule) or "", "", f"Reasons: {given or BY_TABLE}.")
    for module in BESIDE:
        name = _name(module)
        given = ", ".join(f"`{reason}`" for reason in sorted(reasons_by_rule()[name]))
        yield from ("", f"### {name}", "", inspect.getdoc(module) or "", "", f"Reasons: {given}.")


def reasons_by_rule() -> dict[str, set[Reason]]:
    """Return which reasons each rule's file names, and each module beside them."""
    files = {rule.__name__: _module(rule) for rule in RULES}
    files |= {_name(module): module for module in BESIDE}
    return {name: _reasons_in(inspect.getsource(module)) for name, module in files.items()}


def reasons_by_table() -> set[Reason]:
    """Return the reasons that labels and code sets give."""
    asking = (*RULESET.data["labels"].values(), *RULESET.data["code_sets"])
    return {Reason(one["reason"]) for one in asking if (one["self"], one["proxy"]) != NOTHING}


def _reasons_in(source: str) -> set[Reason]:
    named = (
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    )
    return {Reason[name] for name in named}


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


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


def _coded(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _page(title: str, opening: str, *lines: str) -> str:
    body = "\n".join(lines).strip("\n")
    return f"# {title}\n\n{NOTE}\n\n{opening}\n\n{body}\n"


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
    reliability.PAGE.write_text(reliability.page(reliability.read()), "utf-8")


if __name__ == "__main__":
    main()
