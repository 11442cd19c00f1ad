"""What is shown of real bodies, and of random ones, whatever is dropped: nothing of what went, all of the rest.

Numbers are compared as they are written, so that 5.4 for 5.40 is a failure.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recordgate_producers.fhir import Given, extract, parse
from recordgate_producers.samples import AMENDMENT, RECORDS
from recordgate_schemas.entry import ClinicalEntry, Element, ElementKind
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.messages import Release
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, EntryId, NhsNumber
from recordgate_streams.bodies.check import body_mismatch
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.bodies.redact import redact
from recordgate_streams.decider.objections import hidden_references
from recordgate_streams.decider.record import DecisionUpdate
from recordgate_streams.lanes.messages import reference_to, release_or_retraction
from recordgate_streams.ledger.outgoing import shown
from recordgate_streams.policy.decision import Decision, Objection
from tests.support.builders import RULESET, accepted, entry
from tests.support.shared_data import content, documents, needs_shared_data

LEVELS = {
    "full": frozenset[ElementKind](),
    "documents": frozenset({ElementKind.FREE_TEXT}),
    "detailed": frozenset({ElementKind.FREE_TEXT, ElementKind.ATTACHMENT}),
    "attachments alone": frozenset({ElementKind.ATTACHMENT}),
}
"""What is dropped at each level, and one more for good measure."""

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

Path = tuple[str | int, ...]


class Written(NamedTuple):
    """A number, as it is written; never equal to a text."""

    digits: str
    tag: str = "number"


def read(body: bytes) -> Any:
    return json.loads(body, parse_float=Written, parse_int=Written)


@cache
def sampled() -> tuple[ClinicalEntry, ...]:
    files = [*sorted(RECORDS.glob("*.json")), *sorted(AMENDMENT.glob("*.json"))]
    return tuple(one for path in files for one in extract(parse(path.read_bytes())).entries)


@cache
def published() -> tuple[ClinicalEntry, ...]:
    found: list[ClinicalEntry] = []
    for path in documents("gpconnect/emis/*", "gpconnect/large/*", "gpconnect/odd/malformed*"):
        document = parse(content(path))
        try:
            found += extract(document).entries
        except PoisonError:  # the number written there is invalid
            found += extract(document, Given(nhs_number=NhsNumber.parse("9990000018"))).entries
    return tuple(found)


def dropped_pointers(
    one: ClinicalEntry, drop: frozenset[ElementKind], references: Sequence[str]
) -> set[str]:
    return {element.pointer for element in one.elements if element.kind in drop} | set(references)


def check(one: ClinicalEntry, drop: frozenset[ElementKind], references: Sequence[str]) -> None:
    """Every promise about one redaction; a failure names the entry."""
    shown = redact(one, one.body, drop, references)
    gone = dropped_pointers(one, drop, references)
    before, after = read(one.body), read(shown)
    left, lost = split(before, {steps(before, pointer) for pointer in gone})
    assert after == left, one.entry_id
    traces(one, shown, texts(left) | names(left), [text for part in lost for text in texts(part)])
    assert dangling(after) <= dangling(before), f"{one.entry_id}: a reference inside leads nowhere"
    assert shown == redact(one, one.body, drop, references)
    assert_settled(one, shown)


def traces(one: ClinicalEntry, shown: bytes, kept: set[str], lost: list[str]) -> None:
    """No text, attachment or reference that went is in the bytes, unless it is elsewhere as well.

    The strings are picked from the bytes, so that nothing hides behind a parser, as in a doubled field.
    """
    strings = {json.loads(token) for token in STRING.findall(shown.decode())}
    for text in lost:
        if text and not any(text in other for other in kept):
            still = any(text in string for string in strings)
            assert not still, f"{one.entry_id}: still has something that was dropped"


def assert_settled(one: ClinicalEntry, shown: bytes) -> None:
    """Redacting what is shown changes nothing: neither with nothing to drop, nor by dropping an addition."""
    assert redact(replace(one, elements=()), shown, LEVELS["detailed"]) == shown
    if shown not in (one.body, b"{}"):
        added = b'{"zz-added":"x",' + shown[1:]
        extra = replace(one, elements=(Element(ElementKind.FREE_TEXT, "/zz-added"),))
        assert redact(extra, added, LEVELS["detailed"]) == shown


@pytest.mark.parametrize("level", LEVELS)
def test_every_body_of_the_samples_at_every_level(level: str) -> None:
    assert len(sampled()) > 60
    for one in sampled():
        check(one, LEVELS[level], ())
        check(one, LEVELS[level], hidden_references(one, set()))


@needs_shared_data
@pytest.mark.parametrize("level", LEVELS)
def test_every_body_of_the_published_records_at_every_level(level: str) -> None:
    assert len(published()) > 2000
    for one in published():
        check(one, LEVELS[level], ())
        check(one, LEVELS[level], hidden_references(one, set()))


@given(st.data())
def test_sample_bodies_with_any_entries_hidden(data: Any) -> None:
    one = data.draw(st.sampled_from([one for one in sampled() if one.elements]))
    named = sorted({element.entry_id for element in one.elements if element.entry_id})
    shown = set[EntryId | None](data.draw(st.lists(st.sampled_from(named))) if named else ())
    check(
        one,
        data.draw(st.sampled_from(sorted(LEVELS.values(), key=sorted))),
        hidden_references(one, shown),
    )


def test_the_samples_have_every_kind_of_element_that_is_dropped_and_references_inside() -> None:
    kinds = {element.kind for one in sampled() for element in one.elements}
    assert kinds >= set(ElementKind) - {ElementKind.TITLE}
    assert any(b'"reference":"#' in one.body for one in sampled())


@given(st.data())
def test_dropping_more_never_shows_more(data: Any) -> None:
    one = data.draw(st.sampled_from([one for one in sampled() if one.elements]))
    pointers = hidden_references(one, set())
    some = data.draw(st.lists(st.sampled_from(pointers), unique=True)) if pointers else []
    less = redact(one, one.body, LEVELS["full"], some)
    more = redact(one, one.body, LEVELS["detailed"], pointers)
    assert texts(read(more)) <= texts(read(less))


@pytest.mark.parametrize("level", LEVELS)
def test_the_hash_released_is_the_hash_of_what_is_shown(level: str) -> None:
    for one in sampled():
        objection = Objection(
            Reason.FREE_TEXT_DROPPED, Outcome.RELEASED_REDACTED, {}, LEVELS[level]
        )
        decision = Decision(
            SELF,
            Outcome.RELEASED_REDACTED,
            (objection,),
            RULESET.hash,
            hidden_references(one, set()),
        )
        update = DecisionUpdate(accepted(one), decision, None, None, None)
        release = release_or_retraction(update)
        assert isinstance(release, Release)
        reference = reference_to(update, release)
        assert reference is not None
        body, sha256 = shown(BodyReader(), reference, one)
        assert body == redact(one, one.body, LEVELS[level], hidden_references(one, set()))
        assert sha256 == hashlib.sha256(body).digest()
        assert release.entry_id == one.entry_id


NUMBERS = st.sampled_from(
    ["0", "-0", "5.40", "1e5", "0.0000001", "12345678901234567890", "-1.0E-3"]
)
NAMES = st.sampled_from(["note", "a", "0", "10", "x/y", "~", "reference", "data"]) | st.text(
    max_size=3
)
WORDS = st.text(min_size=1, max_size=8)
RANDOM = st.recursive(
    st.sampled_from(["null", "true", '""', "{}", "[]"]) | NUMBERS | WORDS.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=5).map(lambda parts: "[" + ",".join(parts) + "]")
        | st.dictionaries(NAMES, inner, max_size=4).map(
            lambda fields: "{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in fields.items()) + "}"
        )
    ),
    max_leaves=25,
)
"""JSON texts, not values: the way a number is written must come through."""


@given(st.dictionaries(NAMES, RANDOM, min_size=1, max_size=4), st.data())
def test_random_bodies_with_random_elements(fields: dict[str, str], data: Any) -> None:
    body = ("{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in fields.items()) + "}").encode()
    names = [pointer(path) for path in paths(read(body))]
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=5))
    kinds = data.draw(st.lists(st.sampled_from(ElementKind), min_size=5, max_size=5))
    elements = tuple(Element(kind, name) for kind, name in zip(kinds, chosen, strict=False))
    one = entry(body=body, elements=elements)
    assume(not body_mismatch(one))
    references = [e.pointer for e in elements if e.kind is ElementKind.CHILD]
    check(one, data.draw(st.sampled_from(sorted(LEVELS.values(), key=sorted))), references)


def split(node: Any, gone: set[Path], path: Path = ()) -> tuple[Any, list[Any]]:
    """Return what has to stay and what has to go, the slow and obvious way."""
    kept: dict[str | int, Any] = {}
    lost: list[Any] = []
    for key, value in items(node):
        if (*path, key) in gone:
            lost.append(value)
            continue
        left, under = split(value, gone, (*path, key))
        lost += under
        if left not in ({}, []) or value in ({}, []):
            kept[key] = left
    if isinstance(node, dict):
        return kept, lost
    return (list(kept.values()) if isinstance(node, list) else node), lost


def items(node: Any) -> list[tuple[str | int, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def paths(node: Any, path: Path = ()) -> Iterator[Path]:
    for key, value in items(node):
        yield (*path, key)
        yield from paths(value, (*path, key))


def pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def steps(node: Any, written: str) -> Path:
    """Resolve a pointer: a step into a list is a number."""
    found: list[str | int] = []
    for step in written.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found.append(int(name) if isinstance(node, list) else name)
        node = node[found[-1]]
    return tuple(found)


def texts(node: Any) -> set[str]:
    """Every text value of a tree."""
    if isinstance(node, str):
        return {node}
    return {text for _, value in items(node) for text in texts(value)}


def names(node: Any) -> set[str]:
    """Every name of a field in a tree."""
    mine = set(node) if isinstance(node, dict) else set()
    return mine.union(*(names(value) for _, value in items(node)))


def dangling(resource: Any) -> set[str]:
    """References to contained resources that are not there."""
    contained = (value for key, value in items(resource) if key == "contained")
    parts = (part for value in contained for _, part in items(value) if isinstance(part, dict))
    return {text for text in references(resource) if text.startswith("#")} - {
        f"#{part.get('id')}" for part in parts
    }


def references(node: Any) -> Iterator[str]:
    for key, value in items(node):
        if key == "reference" and isinstance(value, str):
            yield value
        yield from references(value)
