"""Hints in the text of a body: what is found, what is not, and how good the shipped phrases are."""

import json
import tomllib

import pytest

from recordgate_streams import ruleset
from recordgate_streams.bodies.hints import find_hint
from tests.support.sources import ROOT

PHRASES = ("do not tell the patient", "marac", "patient's knowledge")
SENTENCES = tomllib.loads((ROOT / "tests/data/text_hints.toml").read_text("utf-8"))
PAGE = ROOT / "docs/text-hints.md"


def body(*texts: str) -> bytes:
    return json.dumps({"note": [{"text": text} for text in texts], "status": "final"}).encode()


FOUND = {
    "as it is": "Please do not tell the patient.",
    "in capitals": "DO NOT TELL THE PATIENT",
    "with other spaces": "do  not\n tell\tthe\N{NO-BREAK SPACE}patient",
    "with markup between the words": "<p>do <b>not</b> tell<br/>the patient</p>",
    "with another apostrophe": "without the patient\N{RIGHT SINGLE QUOTATION MARK}s knowledge",
    "with an escaped apostrophe": "without the patient&#39;s knowledge",
    "alone": "MARAC",
    "after punctuation": "(MARAC)",
}
PLAIN = {
    "part of a longer word": "Marachino cherries; remarac",
    "the words in another order": "tell the patient, do not wait",
    "nothing": "",
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_a_phrase_is_found_however_it_is_written(text: str) -> None:
    assert find_hint(PHRASES, body("Chest clear.", text))


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_other_words_are_no_hint(text: str) -> None:
    assert not find_hint(PHRASES, body("Chest clear.", text))


@pytest.mark.parametrize("texts", [("do not tell", "the patient"), ("the patient", "do not tell")])
def test_a_phrase_does_not_reach_from_one_string_into_another(texts: tuple[str, ...]) -> None:
    assert not find_hint(PHRASES, body(*texts))


def test_names_of_fields_are_no_text() -> None:
    assert not find_hint(PHRASES, b'{"marac": 1}')


def test_text_is_found_at_any_depth() -> None:
    assert find_hint(PHRASES, b'{"a": [[{"b": {"c": "marac"}}]]}')


def test_a_body_that_cannot_be_read_is_taken_for_a_hint() -> None:
    assert find_hint(PHRASES, b"%PDF-1.7")


def test_without_phrases_nothing_is_a_hint() -> None:
    assert not find_hint((), b"%PDF-1.7")


def test_the_shipped_phrases_are_as_good_as_the_page_says() -> None:
    phrases = ruleset.current().settings.hint_phrases
    hit = [text for text in SENTENCES["hint"] if find_hint(phrases, body(text))]
    wrong = [text for text in SENTENCES["plain"] if find_hint(phrases, body(text))]
    precision = len(hit) / (len(hit) + len(wrong))
    recall = len(hit) / len(SENTENCES["hint"])
    print("wrongly found:", *wrong, sep="\n  ")
    print("missed:", *(text for text in SENTENCES["hint"] if text not in hit), sep="\n  ")
    counts = (len(phrases), len(SENTENCES["hint"]), len(SENTENCES["plain"]))
    row = f"| {' | '.join(map(str, counts))} | {precision:.2f} | {recall:.2f} |"
    assert row in PAGE.read_text("utf-8").splitlines(), f"measured now: {row}"
