"""Plain words: what words.toml lists is in no name of the product, nor in its documents and docstrings.

The glossary gives each of its words one meaning.
"""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sources import PRODUCT, ROOT, modules

WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MADE = ("docs/reference/", "docs/tour.md", "docs/over-holding.md", "docs/mutation.md")
"""Pages that programs write: they repeat what stands elsewhere."""
PROSE = re.compile(rf"\b({'|'.join(WORDS['in_prose'])})\b", re.IGNORECASE)


def test_no_name_of_the_product_has_a_word_for_which_there_is_a_better_one() -> None:
    found = [
        f"{place}: {name} ({word}: better {better})"
        for place, name in _names()
        for word, better in _objections(name)
    ]
    assert not found, _report(found)


def test_no_prose_has_a_word_for_which_there_is_a_better_one() -> None:
    found = [
        f"{place}: {match[0]} (better {WORDS['in_prose'][match[0].lower()]})"
        for place, text in _prose()
        for match in PROSE.finditer(text)
    ]
    assert not found, _report(found)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("told", ["told"]),
        ("_told_late", ["told"]),
        ("ToldLate", ["told"]),
        ("STANDING", ["standing"]),
        ("fresh", ["fresh"]),
        ("fresh_copy", []),
        ("turn_page", ["turn_page"]),
        ("outstanding", []),
        ("Root", ["Root"]),
    ],
)
def test_what_is_found_in_a_name(name: str, words: list[str]) -> None:
    assert [word for word, _ in _objections(name)] == words


def test_each_word_of_the_glossary_has_one_meaning() -> None:
    text = (ROOT / "docs/glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)[2:]
    assert len(rows) > 40
    words = Counter(re.sub(r" \(.*\)", "", word) for word, _ in rows)
    meanings = Counter(meaning for _, meaning in rows)
    assert [word for word, n in words.items() if n > 1] == []
    assert [meaning for meaning, n in meanings.items() if n > 1] == []


def _objections(name: str) -> list[tuple[str, str]]:
    """The words of a name that are on the list, with what is better."""
    if name in WORDS["as_identifiers"]:
        return [(name, WORDS["as_identifiers"][name])]
    parts = {part.lower() for part in PARTS.findall(name)}
    return [(word, better) for word, better in WORDS["in_identifiers"].items() if word in parts]


def _names() -> Iterator[tuple[str, str]]:
    """Where each name is given, and the name: of modules, classes, functions, arguments, variables, statements."""
    for file, tree in modules(PRODUCT).items():
        yield file, Path(file).stem
        for node in ast.walk(tree):
            if name := _name_given(node):
                yield f"{file}:{node.lineno}", name  # type: ignore[attr-defined]
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.sql")):
            for name in re.findall(r"^-- name: (\w+)$", path.read_text("utf-8"), re.MULTILINE):
                yield path.relative_to(ROOT).as_posix(), name


def _name_given(node: ast.AST) -> str | None:
    """The name that a node gives to something; None for one that only uses a name."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.arg(arg=name):
            return name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return name
        case ast.alias(asname=str(name)):
            return name
    return None


def _prose() -> Iterator[tuple[str, str]]:
    """Documents line by line without their code blocks, and docstrings, with where they are."""
    for path in sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(MADE):
            continue
        text = re.sub(
            r"^```.*?^```", _blank, path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        for number, line in enumerate(text.splitlines(), 1):
            if not line.startswith("    "):
                yield f"{name}:{number}", re.sub(r"`[^`]*`", "", line)
    for file, tree in modules(PRODUCT).items():
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield f"{file}:{node.lineno}", re.sub(r"`[^`]*`", "", text)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _report(found: list[str]) -> str:
    """How many there are in each folder of the repository, then all of them."""
    folders = Counter("/".join(place.split(":")[0].split("/")[:-1]) or "." for place in found)
    counts = ", ".join(f"{folder} {n}" for folder, n in sorted(folders.items()))
    return f"{len(found)} in all: {counts}\n" + "\n".join(found)
