"""Documents are in step with the code, and lead somewhere."""

import re

import pytest

from docs import generate
from docs.schema import DATABASES
from recordgate_schemas.reasons import Reason
from tests.support.sources import ROOT, text_of

PAGES = generate.pages()
DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
TO_COME = {"docs/architecture.md"}
RUNBOOK = ("Symptom", "What it means", "Check", "Act", "It is over when")


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    committed = (ROOT / "docs/reference" / name).read_text("utf-8")
    assert PAGES[name] == committed, "run make docs"


def test_no_page_in_the_reference_is_left_over() -> None:
    dumped = {f"schema-{name}.sql" for name in DATABASES}  # compared by tests/integration
    assert set(PAGES) | dumped == {path.name for path in (ROOT / "docs/reference").iterdir()}


def test_every_reason_is_given_by_a_rule_or_by_a_table_of_the_ruleset() -> None:
    given = generate.reasons_by_table().union(*generate.reasons_by_rule().values())
    assert set(Reason) == given


def test_every_document_the_code_names_exists() -> None:
    named = {
        found
        for text in text_of().values()
        for found in re.findall(r"docs/[\w/-]+\.(?:md|toml|py)", text)
    }
    assert named
    assert {name for name in named if not (ROOT / name).exists()} <= TO_COME


def test_every_runbook_page_is_named_by_the_code() -> None:
    text = "\n".join(text_of().values())
    pages = {path.name for path in (ROOT / "docs/runbook").iterdir()}
    assert set() == {page for page in pages if f"docs/runbook/{page}" not in text}


@pytest.mark.parametrize("path", sorted((ROOT / "docs/runbook").iterdir()), ids=lambda p: p.name)
def test_a_runbook_page_says_symptom_check_action_and_end(path: object) -> None:
    text = (ROOT / str(path)).read_text("utf-8")
    assert tuple(part for part in RUNBOOK if f"**{part}" not in text) == ()


@pytest.mark.parametrize("path", sorted((ROOT / "docs/adr").iterdir()), ids=lambda p: p.name)
def test_an_adr_says_context_decision_and_consequence(path: object) -> None:
    text = (ROOT / str(path)).read_text("utf-8")
    parts = ("Accepted.", "## Context", "## Decision", "## Consequence")
    assert tuple(part for part in parts if part not in text) == ()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_to_a_file_and_heading(path: object) -> None:
    document = ROOT / str(path)
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", document.read_text("utf-8"))
    broken = []
    for target, anchor in links:
        if "://" in target:
            continue
        other = document.parent / target if target else document
        if not other.exists() or (anchor and anchor not in _anchors(other.read_text("utf-8"))):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
