"""Says what a word of the ruleset means and what it does here: a reason, switch, number, label, code or set."""

import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, get_args, get_origin

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.bundle import SHIPPED, Ruleset
from recordgate_streams.ruleset.lines import line_of
from recordgate_streams.ruleset.model import NumberTable, SwitchTable

Lines = Iterator[str]


def describe(ruleset: Ruleset, word: str) -> list[str]:
    """Return the lines about the word; raise UsageError with the nearest words when it means nothing."""
    lines = [
        line
        for part in (_reason, _switch, _number, _label, _set, _code)
        for line in part(ruleset, word)
    ]
    if lines:
        return lines
    near = get_close_matches(word, _words(ruleset), 3, 0.5)
    suggestion = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(
        f"{word}: no reason, switch, number, label, code or set of this ruleset{suggestion}"
    )


@cache
def meaning(table: str, name: str) -> str:
    """Return the comment above a switch or number in the shipped ruleset: meaning, choices, sources, golden row."""
    text = (SHIPPED / "ruleset.toml").read_text("utf-8")
    lines = text.splitlines()[: line_of(text, (table, name)) - 1]
    comment: list[str] = []
    while lines and lines[-1].startswith("#"):
        comment.insert(0, lines.pop().removeprefix("#").strip())
    return " ".join(comment)


def choices(name: str) -> tuple[str, ...]:
    """Return what a switch may be set to, its default first."""
    field = SwitchTable.model_fields[name]
    if get_origin(field.annotation) is Literal:
        return get_args(field.annotation)
    return ("true", "false") if field.default else ("false", "true")


def _reason(ruleset: Ruleset, word: str) -> Lines:
    data: Mapping[str, Any] = ruleset.data
    if word not in data["reasons"]:
        return
    text = data["reasons"][word]
    yield f"reason {word}: {text['reviewer']}"
    yield f"  remedy: {text['remedy']}"
    yield f"  guidance: {text['guidance']}"
    yield f"  queue: {text['queue']}; task: {text['task'] or 'none'}"
    yield f"  released in bulk: {_yes(text['bulk_release'])}; first action: {text['first_action'] or 'none'}"
    yield f"  patients read: {data['patient']['notice']}"
    labels = [code for code, one in data["labels"].items() if one["reason"] == word]
    sets = [one["id"] for one in data["code_sets"] if one["reason"] == word]
    yield f"  labels: {', '.join(labels) or 'none'}; code sets: {', '.join(sets) or 'none'}"


def _switch(ruleset: Ruleset, word: str) -> Lines:
    if word in SwitchTable.model_fields:
        yield f"switch {word}: {_shown(ruleset.data['switches'][word])}"
        yield f"  choices: {', '.join(choices(word))}"
        yield from _wrapped(meaning("switches", word))


def _number(ruleset: Ruleset, word: str) -> Lines:
    if word in NumberTable.model_fields:
        yield f"number {word}: {ruleset.data['numbers'][word]}"
        yield from _wrapped(meaning("numbers", word))


def _label(ruleset: Ruleset, word: str) -> Lines:
    if word in ruleset.data["labels"]:
        label = ruleset.data["labels"][word]
        yield f"label {word}: {label['title']}"
        yield f"  {_asks(label)}"
        yield f"  source: {label['source']}"


def _set(ruleset: Ruleset, word: str) -> Lines:
    for one in ruleset.data["code_sets"]:
        if word == one["id"]:
            yield f"code set {word}: {one['title']}"
            yield f"  {_asks(one)}; signal: {one['signal'] or 'none'}"
            yield f"  source: {one['source']}"
            yield f"  {len(one['members'])} members, version {one['version']}; {one['provenance']}"


def _code(ruleset: Ruleset, word: str) -> Lines:
    for one in ruleset.data["code_sets"]:
        if word in one["members"]:
            yield f"code {word} is a member of {one['id']}:"
            yield from (f"  {line}" for line in _set(ruleset, one["id"]))


def _asks(one: Mapping[str, str]) -> str:
    return f"patient: {one['self']}; proxies: {one['proxy']}; reason: {one['reason']}"


def _wrapped(text: str) -> Lines:
    yield from textwrap.wrap(text, 100, initial_indent="  ", subsequent_indent="  ")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _words(ruleset: Ruleset) -> list[str]:
    data = ruleset.data
    sets = [one["id"] for one in data["code_sets"]]
    return [*data["reasons"], *data["switches"], *data["numbers"], *data["labels"], *sets]
