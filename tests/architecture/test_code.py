"""What every file of the product keeps to: docstrings, narrow handlers, one reader of the environment."""

import ast
from collections.abc import Iterator

from tests.support.sources import EVERYTHING, functions, modules, text_of

BROAD = {
    "schemas/recordgate_schemas/codec.py:_read": "a hostile body may raise anything",
    "streams/recordgate_streams/decider/objections.py:_ask_all": "a rule that fails is a hold",
    "streams/recordgate_streams/engines/faust.py:_guarded": "ends the process before Faust acknowledges",
    "streams/recordgate_streams/engines/faust_speed.py:__await__": "what is thrown is the coroutine's to handle",
    "runtime/recordgate_runtime/isolation.py:_isolate": "whatever one record causes, the others go on",
    "runtime/recordgate_runtime/process.py:run_process": "the last line of a process",
    "streams/recordgate_streams/lanes/controls.py:_redecide_some": "whatever one patient causes, the others go on",
    "streams/recordgate_streams/ledger/delivery.py:deliver": "ends the process, raises again",
    "deploy/recordgate_deploy/main.py:main": "the last line of a command",
    "deploy/recordgate_deploy/runner.py:__enter__": "lets the folder go, raises again",
}
"""The only functions that may catch everything, and why."""

ENVIRONMENT = {"runtime/recordgate_runtime/settings.py"}


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in modules(EVERYTHING).items() if not ast.get_docstring(tree)]
    assert silent == []


def test_every_public_class_and_function_says_what_it_does() -> None:
    silent = [
        f"{name}:{node.name}"
        for name, tree in modules().items()
        for node in _public(tree)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_everything_is_caught_only_where_there_is_a_reason() -> None:
    found = {
        f"{name}:{function.name}"
        for name, tree in modules().items()
        for function in functions(tree)
        if any(_is_broad(node) for node in ast.walk(function))
    }
    assert set(BROAD) == found


def test_what_counts_as_catching_everything() -> None:
    broad = [
        "except:",
        "except Exception:",
        "except BaseException as e:",
        "except (OSError, Exception):",
    ]
    narrow = ["except OSError:", "except (OSError, KeyError):"]
    assert [
        any(_is_broad(node) for node in ast.walk(ast.parse(f"try:\n  pass\n{clause}\n  pass")))
        for clause in (*broad, *narrow)
    ] == [True] * 4 + [False] * 2


def test_only_the_settings_look_at_the_environment() -> None:
    found = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "environb", "getenv", "putenv")
    }
    assert found == ENVIRONMENT


def test_nothing_is_imported_by_a_name_made_at_run_time() -> None:
    found = [
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "__import__")
        or (isinstance(node, ast.Attribute) and node.attr == "import_module")
    ]
    assert found == []


def test_the_pure_rooms_open_no_file() -> None:
    streams = "streams/recordgate_streams"
    found = [
        name
        for name, tree in modules(("streams",)).items()
        if name.startswith(tuple(f"{streams}/{room}/" for room in ("policy", "decider", "bodies")))
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in ("open", "print", "exec", "eval")
    ]
    assert found == []


def test_the_runtime_knows_nothing_of_embedded_servers() -> None:
    named = [name for name, text in text_of(("runtime",)).items() if "embedded" in text.lower()]
    assert named == []


def _public(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes, their public methods, and public functions; inner functions are nobody else's."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node
            yield from (n for n in _functions_of(node) if not n.name.startswith("_"))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name[0] != "_":
            yield node


def _functions_of(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in node.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _is_broad(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(c is None or getattr(c, "id", "") in ("Exception", "BaseException") for c in caught)
