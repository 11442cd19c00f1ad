"""The engine's hash: every part that decides changes it, and nothing else does."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recordgate_schemas.errors import FatalError
from recordgate_streams.ruleset import closure
from recordgate_streams.ruleset.digest import (
    NOT_FOLLOWED,
    PACKAGES,
    ROOTS,
    deciding_statements,
    engine_hash,
    engine_hash_of,
    engine_parts,
    named_statements,
)

PARTS = engine_parts(PACKAGES)
MODULES = sorted(part for part in PARTS if ":" not in part)
LEDGER = PACKAGES["recordgate_streams"] / "ledger"
STATEMENTS = {
    f"{file.name}:{name}": text
    for file in sorted(LEDGER.glob("*.sql"))
    for name, text in named_statements(file.read_text("utf-8")).items()
}
TREES = closure.modules(ROOTS, PACKAGES, NOT_FOLLOWED)
DECIDING = deciding_statements(TREES, LEDGER)
NOT_DECIDING_QUERIES = (
    "conservation",
    "outcomes",
    "recount",
    "find_entry",
    "history",
    "source",
    "known_of",
)
"""Statements that read the same tables for people and dashboards."""


@pytest.fixture
def engine(tmp_path: Path) -> dict[str, Path]:
    """A copy of the sources in which the engine is found."""
    ignored = shutil.ignore_patterns("__pycache__", "shipped", "avro", "migrations")
    return {
        name: shutil.copytree(folder, tmp_path / name, ignore=ignored)
        for name, folder in PACKAGES.items()
    }


def file_of(module: str, packages: dict[str, Path]) -> Path:
    top, *rest = module.split(".")
    path = packages[top].joinpath(*rest)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_engine_holds_what_decides() -> None:
    streams = PACKAGES["recordgate_streams"]
    decides = [
        file
        for room in ("policy/rules", "decider", "bodies")
        for file in (streams / room).rglob("*.py")
    ]
    assert decides
    names = {file_of(module, PACKAGES) for module in MODULES}
    assert set(decides) <= names
    schemas = {f"recordgate_schemas.{name}" for name in ("entry", "control", "reasons", "values")}
    assert {*schemas, "recordgate_streams.policy.settings", "recordgate_streams.policy.dates"} <= {
        *MODULES
    }


def test_the_engine_holds_no_engine_no_command_and_no_rollout() -> None:
    rooms = {m.split(".")[1] for m in MODULES if m.startswith("recordgate_streams.")}
    assert rooms == {"policy", "decider", "bodies", "ruleset", "lanes", "ledger"}
    sources = "\n".join(file_of(module, PACKAGES).read_text("utf-8") for module in MODULES)
    assert re.findall(r"^ *(?:from|import) (?:kafka|confluent_kafka|faust)\b", sources) == []


def test_what_a_lane_imports_of_the_ledger_decides_or_is_left_out_by_name() -> None:
    trees = closure.modules(ROOTS, PACKAGES)
    assert set(trees) - set(MODULES) >= set(NOT_FOLLOWED)
    beyond = {m for m in set(trees) - set(MODULES) if m.startswith("recordgate_streams.")}
    assert beyond == set(NOT_FOLLOWED)


def test_no_module_of_the_engine_imports_by_a_name_made_at_run_time() -> None:
    sources = {module: file_of(module, PACKAGES).read_text("utf-8") for module in MODULES}
    assert [m for m, text in sources.items() if re.search(r"import_module|__import__", text)] == []


def test_a_statement_in_any_module_changes_that_module_s_part(engine: dict[str, Path]) -> None:
    for module in MODULES:
        append(file_of(module, engine), "\n_X = 1\n")
    changed = engine_parts(engine)
    assert changed.keys() == PARTS.keys()
    assert [module for module in MODULES if changed[module] == PARTS[module]] == []


def test_a_copy_elsewhere_has_the_same_hash(engine: dict[str, Path]) -> None:
    assert engine_hash_of(engine) == engine_hash() == engine_hash_of(PACKAGES)


def test_every_part_counts(engine: dict[str, Path]) -> None:
    append(file_of("recordgate_schemas.values", engine), "\n_X = 1\n")
    assert engine_hash_of(engine) != engine_hash()


def test_docstrings_comments_blank_lines_and_line_endings_do_not_count(
    engine: dict[str, Path],
) -> None:
    for module in MODULES:
        file = file_of(module, engine)
        tree = ast.parse(file.read_text("utf-8"))
        lines = [f"{line}  " for line in ast.unparse(_retold(tree)).splitlines()]
        file.write_bytes("\r\n\r\n".join(['"""Another text."""', "# a comment", *lines]).encode())
    assert engine_hash_of(engine) == engine_hash()


def _retold(tree: ast.Module) -> ast.Module:
    """The module with another docstring at every class and function that has one."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            node.body[0] = ast.Expr(ast.Constant("Another."))
    tree.body = tree.body[1:]
    return tree


def test_a_module_outside_does_not_count(engine: dict[str, Path]) -> None:
    streams = engine["recordgate_streams"]
    outside = [f for room in ("cli", "golden", "engines") for f in (streams / room).rglob("*.py")]
    assert outside
    for file in outside:
        append(file, "\n_X = 1\n")
    append(file_of("recordgate_streams.ledger.unit_of_work", engine), "\n_X = 1\n")
    (streams / "inspection" / "new.py").write_text("_X = 1\n")
    assert engine_hash_of(engine) == engine_hash()


def test_a_new_module_of_the_decider_counts(engine: dict[str, Path]) -> None:
    (engine["recordgate_streams"] / "decider" / "added.py").write_text("")
    assert engine_hash_of(engine) != engine_hash()


def test_a_missing_module_stops_the_process(engine: dict[str, Path]) -> None:
    file_of("recordgate_streams.policy.dates", engine).unlink()
    with pytest.raises(FatalError, match=r"module recordgate_streams\.policy\.dates is missing"):
        engine_hash_of(engine)


def test_a_missing_root_stops_the_process(engine: dict[str, Path]) -> None:
    shutil.rmtree(engine["recordgate_streams"] / "decider")
    with pytest.raises(FatalError, match=r"module recordgate_streams\.decider[.\w]* is missing"):
        engine_hash_of(engine)


def test_missing_sql_stops_the_process(engine: dict[str, Path]) -> None:
    for file in (engine["recordgate_streams"] / "ledger").glob("*.sql"):
        file.unlink()
    with pytest.raises(FatalError, match="deciding SQL is missing"):
        engine_hash_of(engine)


def test_sql_decides_that_reads_what_a_decision_is_made_of() -> None:
    reads = r"\b(from|join|into) (entry|entry_mark|snapshot|root|reached|pointer|patient|current_decision)\b"
    other = {
        "account",
        "activation",
        "explanation",
    }  # they name these tables for people and dashboards
    read_only = {name for name in STATEMENTS if name.split(":")[0].partition(".")[0] in other}
    decides = {name for name, text in STATEMENTS.items() if re.search(reads, text)} - read_only
    asked = {f"queries.sql:{name}" for name in NOT_DECIDING_QUERIES}
    assert {n for n in decides if n.startswith(("queries", "cascade"))} - asked <= set(DECIDING)


@pytest.mark.parametrize("statement", sorted(DECIDING))
def test_a_changed_statement_that_decides_changes_its_part(tmp_path: Path, statement: str) -> None:
    file, name = statement.split(":")
    path = shutil.copytree(LEDGER, tmp_path / "ledger") / file
    head = f"-- name: {name}\n"
    replace(path, head, f"{head}-- another comment\n\n")
    assert deciding_statements(TREES, path.parent) == DECIDING
    replace(path, head, f"{head}/* commented out */ explain ")
    changed = deciding_statements(TREES, path.parent)
    assert [n for n, text in DECIDING.items() if changed[n] != text] == [statement]


def test_sql_that_does_not_decide_does_not_count(engine: dict[str, Path]) -> None:
    replace(
        engine["recordgate_streams"] / "ledger" / "queries.sql",
        "-- name: conservation\n",
        "-- name: not_named_by_any_module\n",
    )
    assert engine_hash_of(engine) == engine_hash()


def sql(folder: Path, text: str) -> str:
    (folder / "a.sql").write_text(f"-- name: a\n{text}\n")
    return deciding_statements({"m": ast.parse("SQL['a']")}, folder)["a.sql:a"]


@pytest.mark.parametrize(
    "text", ["select  'a'\n", "select -- b\n 'a'", "select /* b\n */ 'a' -- '"]
)
def test_comments_and_spaces_of_sql_do_not_count(tmp_path: Path, text: str) -> None:
    assert sql(tmp_path, text) == "select 'a'"


@pytest.mark.parametrize("text", ["select '--  it''s'", "select '/* x */'"])
def test_what_only_looks_like_a_comment_in_sql_counts(tmp_path: Path, text: str) -> None:
    assert sql(tmp_path, text) == text


SPELLINGS = r"""
async def f(a, /, b: int = 1, *args: str, c=None, **kw) -> "A":
    global g
    async with a as (b, c), d: pass
    async for x in y: await z
    try: raise E from None
    except* (B, C) as e: del e[0:1, ..., ::2]
    match a:
        case {"k": [1, *_], **rest} | C(x=-1.5j) if (n := b): return lambda x, *, y: {**x, y: y}
        case None | True: pass
    return f"a {x=} {y!r:>{w}} {{}} {f'{z}' 'b' f'{q:%Y-%m}'}" "c" u"d", b"\xff", 1e400, 0x1F, "\ud83d\N{BULLET}"
"""
PROGRAM = """
import ast, hashlib, json, pathlib, sys, types
schemas, streams = sys.argv[1:3]
sys.path[:0] = [schemas, streams]
package = sys.modules["recordgate_streams.ruleset"] = types.ModuleType("recordgate_streams.ruleset")
package.__path__ = [streams + "/recordgate_streams/ruleset"]
from recordgate_streams.ruleset import closure
packages = {
    "recordgate_schemas": pathlib.Path(schemas, "recordgate_schemas"),
    "recordgate_streams": pathlib.Path(streams, "recordgate_streams"),
}
for name, tree in sorted(closure.modules(sys.argv[4:], packages, sys.argv[3].split()).items()):
    print(name, hashlib.sha256(json.dumps(closure.meaning(tree)).encode()).hexdigest())
print(json.dumps(closure.meaning(ast.parse(sys.stdin.read()))))
"""
"""Runs without our dependencies: of the ruleset's package only the module that reads closures is loaded."""


def pythons() -> dict[str, str]:
    """Every other Python of this machine that Recordgate supports, by version."""
    known = [shutil.which(f"python3.{minor}") for minor in range(11, 20)]
    versions = sorted((Path.home() / ".pyenv" / "versions").glob("*/bin/python3"))
    found = {}
    for path in filter(None, [*known, *map(str, versions)]):
        asked = [path, "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        major, _, minor = done.stdout.strip().partition(".")
        if done.returncode == 0 and (int(major), int(minor)) >= (3, 11):
            found[done.stdout.strip()] = path
    return found


PYTHONS = pythons()


def read_by(python: str) -> list[str]:
    """What a Python makes of each module of the engine, and of odd spellings."""
    folders = [str(folder.parent) for folder in PACKAGES.values()]
    done = subprocess.run(
        [python, "-I", "-c", PROGRAM, *folders, " ".join(NOT_FOLLOWED), *ROOTS],
        input=SPELLINGS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_the_engine_reads_the_same_under_every_python(python: str) -> None:
    found = read_by(python)
    assert [line.split()[0] for line in found[:-1]] == MODULES
    assert found == read_by(sys.executable)
