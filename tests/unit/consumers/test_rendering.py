"""A resource in words: every value is told, what turns a meaning round as well, and nothing commands a terminal."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_consumers.view.rendering import NOT_IN_FULL, parse_body, render
from recordgate_consumers.view.words import clean

Json = dict[str, Any]
ASPIRIN = {"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin"}}
MMHG = {"value": 120, "unit": "mmHg"}
MG = {"value": 75, "unit": "mg"}


def words_of(resource: Json) -> str:
    read = parse_body(json.dumps(resource).encode())
    assert read is not None
    rendered = render(read)
    return f"{rendered.title}\n{rendered.text}"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"code": {"text": "Asthma", "coding": [{"display": "Asthma"}]}}, "Asthma"),
        ({"code": {"coding": [{"code": "1"}, {"display": "Asthma"}]}}, "1"),
        ({"vaccineCode": {"coding": [{"display": "MMR"}]}}, "MMR"),
        ({"medicationCodeableConcept": {"text": "Aspirin"}}, "Aspirin"),
        ({"type": [{"text": "Letter"}]}, "Letter"),
        ({"medicationReference": {"reference": "#m"}, "contained": [ASPIRIN]}, "Aspirin"),
        ({"medicationReference": {"reference": "#none", "display": "Aspirin"}}, "Aspirin"),
        ({"resourceType": "Observation", "contained": "odd"}, "Observation"),
        ({}, "Entry"),
    ],
)  # fmt: skip
def test_an_entry_is_called_by_its_codes_words(resource: Json, expected: str) -> None:
    assert render(resource).title == expected


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ({"code": {"text": "Asthma"}, "verificationStatus": "refuted"}, "Refuted: Asthma"),
        ({"code": {"text": "Asthma"}, "verificationStatus": {"coding": [{"code": "refuted"}]}}, "Refuted: Asthma"),
        ({"vaccineCode": {"text": "MMR"}, "notGiven": True}, "Not given: MMR"),
        ({"vaccineCode": {"text": "MMR"}, "status": "not-done"}, "Not done: MMR"),
        ({"medicationCodeableConcept": {"text": "Aspirin"}, "taken": "n"}, "Not taken: Aspirin"),
        ({"code": {"text": "Smear"}, "doNotPerform": True}, "Not to be done: Smear"),
        ({"valueQuantity": {"comparator": "<", "value": 5, "unit": "mmol/L"}}, "<5 mmol/L"),
        ({"valueRange": {"low": {"value": 3}, "high": {"value": 6, "unit": "g"}}}, "3 to 6 g"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1 / 128"),
        ({"valueBoolean": False}, "no"),
        ({"component": [{"code": {"text": "Systolic"}, "valueQuantity": MMHG}]}, "Systolic: 120 mmHg"),
        ({"component": [{"code": {"text": "Growth"}, "valueBoolean": True}]}, "Growth: yes"),
        ({"component": [{"code": {"text": "Growth"}, "valueCodeableConcept": {"text": "none"}}]}, "Growth: none"),
        ({"reaction": [{"manifestation": [{"text": "Rash"}], "severity": "severe"}]}, "severe"),
        ({"dosageInstruction": [{"text": "one a day", "asNeededBoolean": True}]}, "as needed boolean: yes"),
        ({"interpretation": {"coding": [{"code": "H", "display": "High"}]}}, "High"),
        ({"extension": [{"url": "https://x/Extension-End", "valueString": "in May"}]}, "in May"),
        ({"comment": "old", "description": ["worse", {"text": "better"}]}, "worse"),
        ({"contained": [{**ASPIRIN, "ingredient": [{"strength": {"numerator": MG}}]}]}, "75 mg"),
    ],
)  # fmt: skip
def test_what_decides_the_meaning_is_told(resource: Json, words: str) -> None:
    assert words in words_of(resource)


def test_digits_stay_as_they_are_written() -> None:
    read = parse_body(b'{"valueQuantity": {"value": 5.40}}')
    assert read is not None
    assert "5.40" in render(read).text


@pytest.mark.parametrize(
    "resource",
    [
        {"content": [{"attachment": {"contentType": "text/plain", "data": "aGk="}}]},
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": {"j": {"k": {"l": {"m": {"n": "x"}}}}}}}}}}}}}},
        {"note": [{"text": str(n)} for n in range(501)]},
    ],
)  # fmt: skip
def test_what_is_not_told_in_full_says_so(resource: Json) -> None:
    assert words_of(resource).endswith(NOT_IN_FULL)


def test_a_whole_entry_does_not_say_so() -> None:
    assert NOT_IN_FULL not in words_of({"code": {"text": "Asthma"}, "note": [{"text": "fine"}]})


WORDS = st.text(alphabet="abcdefghij", min_size=6, max_size=9)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["note", "text", "extra", "part", "detail"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def leaves(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [leaf for part in node.values() for leaf in leaves(part)]
    if isinstance(node, list):
        return [leaf for part in node for leaf in leaves(part)]
    return [node]


@given(st.dictionaries(st.sampled_from(["comment", "note", "description", "reaction"]), VALUES))
def test_every_word_of_any_entry_is_told_or_it_says_that_not_all_is(resource: Json) -> None:
    said = words_of(resource)
    assert NOT_IN_FULL in said or all(leaf in said for leaf in leaves(resource))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\x1b[31mb\x9b2Jc\nd\x00", "a[31mb2Jc d"),
        ("not \u202etaken\u202c", "not taken"),
        ("re\u200bfuted\ufeff", "refuted"),
    ],
)
def test_text_cannot_command_a_terminal_or_reorder_what_is_read(written: str, read: str) -> None:
    assert clean(written) == read
