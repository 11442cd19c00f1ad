"""What the documents claim about contracts, hashes, sizes and tests is held by a test that CONTRIBUTING.md names."""

import ast
import re

import pytest

from tests.support.sources import ROOT

DOCUMENTS = (
    "CONTRIBUTING.md",
    "docs/architecture.md",
    *sorted(f"docs/adr/{p.name}" for p in (ROOT / "docs/adr").iterdir()),
)
ROW = re.compile(r"^\| `([\w/.-]+\.md)` \| (.+) \| `([\w/.]+)::(\w+)` \|$", re.MULTILINE)
CLAIMS = ROW.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
NEEDS_A_TEST = re.compile(
    r"import-linter|import contract holds|every contract|hash covers|do not count\b|stay below|tested as"
    r"|\btest (?:holds|walks|feeds|compares|that compares)",
    re.IGNORECASE,
)
"""How a sentence speaks that claims something of contracts, hashes, sizes or tests."""


def test_the_table_of_claims_is_read() -> None:
    assert len(CLAIMS) > 20


@pytest.mark.parametrize(("document", "words", "file", "test"), CLAIMS)
def test_a_claim_is_made_where_the_table_says_and_its_test_exists(
    document: str, words: str, file: str, test: str
) -> None:
    assert words in text_of(document)
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_claimed_is_in_the_table(document: str) -> None:
    held = [words for where, words, _, _ in CLAIMS if where == document]
    sentences = re.split(r"(?<=[.])\s", text_of(document))
    claims = [sentence for sentence in sentences if NEEDS_A_TEST.search(sentence)]
    assert [one for one in claims if not any(words in one for words in held)] == []


def text_of(document: str) -> str:
    """A document on one line, without commands and without the table of claims."""
    text = ROW.sub("", (ROOT / document).read_text("utf-8"))
    return " ".join(line for line in text.splitlines() if not line.startswith("    "))
