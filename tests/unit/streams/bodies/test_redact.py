"""Redaction drops exactly the elements named, whatever their order, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_schemas.entry import ClinicalEntry, Element, ElementKind
from recordgate_schemas.errors import FatalError
from recordgate_streams.bodies.check import MOST_LEVELS, body_mismatch
from recordgate_streams.bodies.redact import redact
from tests.support.builders import entry

FREE_TEXT = frozenset({ElementKind.FREE_TEXT})
Path = tuple[str | int, ...]


def dropped(body: Any, *pointers: str, kind: ElementKind = ElementKind.FREE_TEXT) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    elements = tuple(Element(kind, pointer) for pointer in pointers)
    return json.loads(redact(entry(body=raw, elements=elements), raw, FREE_TEXT))


def test_a_body_without_elements_to_drop_stays_byte_for_byte() -> None:
    body = b'{ "note" : [ {"text": "kept"} ] }'
    other = (Element(ElementKind.ATTACHMENT, "/note"),)
    assert body == redact(entry(body=body, elements=other), body, FREE_TEXT)


SHIFTS = [
    ("both notes", ["/note/0", "/note/1"], {"code": 1}),
    ("the tenth before the second", ["/l/1", "/l/9"], {"l": [0, 2, 3, 4, 5, 6, 7, 8]}),
    ("a child and its parent", ["/a/b", "/a"], {"code": 1}),
    ("a child and a later sibling of its parent", ["/p/0/t", "/p/1"], {"p": [{"k": 1}]}),
    ("a child of the last and the item before", ["/p/1/t", "/p/0"], {"p": [{"k": 2}]}),
    ("a name with a slash and a tilde", ["/s~1t", "/u~0v"], {"code": 1}),
    ("a numeric name of an object", ["/d/10", "/d/9"], {"d": {"1": "kept"}}),
    ("the same twice", ["/l/0", "/l/0"], {"l": [1]}),
]
BODIES: dict[str, Any] = {
    "both notes": {"code": 1, "note": [{"text": "x"}, {"text": "y"}]},
    "the tenth before the second": {"l": list(range(10))},
    "a child and its parent": {"code": 1, "a": {"b": "x", "c": "y"}},
    "a child and a later sibling of its parent": {"p": [{"k": 1, "t": "x"}, {"k": 2}]},
    "a child of the last and the item before": {"p": [{"k": 1}, {"k": 2, "t": "x"}]},
    "a name with a slash and a tilde": {"code": 1, "s/t": "x", "u~v": "y"},
    "a numeric name of an object": {"d": {"1": "kept", "9": "x", "10": "y"}},
    "the same twice": {"l": [0, 1]},
}


@pytest.mark.parametrize(("name", "pointers", "left"), SHIFTS, ids=[s[0] for s in SHIFTS])
def test_dropping_one_element_never_shifts_another(
    name: str, pointers: list[str], left: Any
) -> None:
    assert left == dropped(BODIES[name], *pointers)
    assert left == dropped(BODIES[name], *reversed(pointers))


@pytest.mark.parametrize("pointer", ["/absent", "/note/1", "/note/-", "/note/text", "/code/x", ""])
def test_a_pointer_that_names_nothing_is_fatal(pointer: str) -> None:
    with pytest.raises(FatalError, match="redaction: "):
        dropped({"code": 1, "note": [{"text": "x"}]}, pointer)


@pytest.mark.parametrize("pointer", ["/note/00", "/note/-1", "/note/+0", "/note/ 0", "note/0"])
def test_a_pointer_that_is_not_written_as_rfc_6901_says_is_fatal(pointer: str) -> None:
    with pytest.raises(FatalError):
        dropped({"0": "x", "note": ["kept", "kept"]}, pointer)


@pytest.mark.parametrize("number", ["5.40", "0.0000001", "1e5", "-0", "1E400", "9" * 30, "0.10"])
def test_a_number_stays_as_it_is_written_when_something_else_is_dropped(number: str) -> None:
    body = f'{{"note":"x","value":{number}}}'.encode()
    element = (Element(ElementKind.FREE_TEXT, "/note"),)
    shown = redact(entry(body=body, elements=element), body, FREE_TEXT)
    assert shown == f'{{"value":{number}}}'.encode()


def test_what_was_empty_before_stays_and_what_was_emptied_goes() -> None:
    body = {"had": [{}, 1], "note": [{"text": "x"}], "none": {}, "l": [{"t": "x"}, []], "s": ""}
    left = {"had": [{}, 1], "none": {}, "l": [[]], "s": ""}
    assert left == dropped(body, "/note/0/text", "/l/0/t")


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 450, 990, 1010, 1020, 1100])
@pytest.mark.parametrize("elements", [(), (Element(ElementKind.FREE_TEXT, "/note"),)])
def test_a_body_too_deep_to_walk_is_a_mismatch_on_arrival_and_no_crash_later(
    levels: int, elements: tuple[Element, ...]
) -> None:
    assert body_mismatch(nested(levels, elements))


def test_a_body_as_deep_as_acceptance_allows_is_redacted() -> None:
    deep = nested(MOST_LEVELS, (Element(ElementKind.FREE_TEXT, "/note"),))
    assert not body_mismatch(deep)
    assert b"note" not in redact(deep, deep.body, FREE_TEXT)


def nested(levels: int, elements: tuple[Element, ...]) -> ClinicalEntry:
    inner = b'{"a":' * (levels - 1) + b"1" + b"}" * (levels - 1)
    return entry(body=b'{"note":"\\u0041","a":' + inner + b"}", elements=elements)


@pytest.mark.parametrize("body", [b"not json", b"\xff", b'{"a":' * 2000 + b"1" + b"}" * 2000])
def test_a_body_that_does_not_parse_is_fatal(body: bytes) -> None:
    with pytest.raises(FatalError):
        dropped(body, "/note")


NAMES = st.sampled_from(["a", "b", "note", "0", "1", "10", "x/y", "~"])
TREES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["text", 1, True, "", None, 0]) | st.builds(dict) | st.builds(list),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=12)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=4)
    ),
    max_leaves=30,
)


@st.composite
def bodies_and_paths(draw: Any) -> tuple[Any, list[Path]]:
    tree = draw(st.dictionaries(NAMES, TREES, min_size=1, max_size=4))
    paths = draw(st.lists(st.sampled_from(_paths(tree)), min_size=1, max_size=6, unique=True))
    return tree, paths


@given(bodies_and_paths())
def test_whatever_is_dropped_goes_and_everything_else_stays(drawn: tuple[Any, list[Path]]) -> None:
    tree, paths = drawn
    assert _without(tree, set(paths)) == dropped(tree, *map(_pointer, paths))


@given(bodies_and_paths())
def test_the_order_of_elements_does_not_matter(drawn: tuple[Any, list[Path]]) -> None:
    tree, paths = drawn
    pointers = [_pointer(path) for path in paths]
    assert dropped(tree, *pointers) == dropped(tree, *reversed(pointers))


def _paths(node: Any, path: Path = ()) -> list[Path]:
    """Every path below a node."""
    inside = [p for key, value in _items(node) for p in _paths(value, (*path, key))]
    return inside if path == () else [path, *inside]


def _items(node: Any) -> list[tuple[str | int, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def _without(node: Any, paths: set[Path], path: Path = ()) -> Any:
    """The slow and obvious way: rebuild the tree, leaving out what is named and what became empty by it."""
    kept = {
        key: left
        for key, value in _items(node)
        if (*path, key) not in paths
        and ((left := _without(value, paths, (*path, key))) not in ({}, []) or value in ({}, []))
    }
    if isinstance(node, dict):
        return kept
    return list(kept.values()) if isinstance(node, list) else node


def _pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
