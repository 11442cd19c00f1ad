"""Documents are in step with the code, and lead somewhere."""

import re
from pathlib import Path

import pytest

from docs import generate
from docs.schema import DATABASES
from recordgate_schemas.reasons import Reason
from tests.support.sources import EVERYTHING, ROOT, text_of

PAGES = generate.pages()
INDEX = ROOT / "docs/README.md"
DOCUMENTS = sorted(
    {*ROOT.glob("*.md"), *(page for folder in EVERYTHING for page in (ROOT / folder).rglob("*.md"))}
)
READERS = (
    "Newcomer",
    "Information-governance lead",
    "Supplier of records (publisher)",
    "Reviewer",
    "Operator",
    "Developer",
)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
RUNBOOK = ("Symptom", "What it means", "Check", "Act", "It is over when")


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    committed = (ROOT / "docs/reference" / name).read_text("utf-8")
    assert PAGES[name] == committed, "run make docs"


def test_no_page_in_the_reference_is_left_over() -> None:
    dumped = {
        "access.md",
        *(f"schema-{name}.sql" for name in DATABASES),
    }  # compared by tests/integration
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
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_index_lists_every_page_once_and_gives_every_reader_something() -> None:
    text = INDEX.read_text("utf-8")
    listed = [(INDEX.parent / target).resolve() for target, _ in LINK.findall(text)]
    pages = {page for page in DOCUMENTS if page.is_relative_to(INDEX.parent)} - {INDEX}
    pages |= set((INDEX.parent / "reference").iterdir())
    assert sorted(pages - set(listed)) == []
    assert sorted({page for page in listed if listed.count(page) > 1}) == []
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == READERS
    assert all(re.search(r"^- \[", part, re.MULTILINE) for part in text.split("\n## ")[1:])


def test_the_readme_leads_to_the_index() -> None:
    assert "(docs/README.md)" in (ROOT / "README.md").read_text("utf-8")


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file_and_heading(document: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(document.read_text("utf-8")):
        if "://" in target:
            continue
        other = document.parent / target if target else document
        if not other.exists() or (anchor and anchor not in _anchors(other.read_text("utf-8"))):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_document_names_by_its_path_is_there(document: Path) -> None:
    tops = "schemas|runtime|producers|streams|consumers|audit|deploy|tests|benchmarks|docs"
    named = re.findall(
        rf"`((?:{tops})/[\w./-]+\.(?:py|sql|md|toml|jsonl|yaml))`", document.read_text("utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []
