"""Every rule of the fence is kept by a line that is there once, and shown by a test that exists."""

import re

import pytest

from docs import fence_rules
from docs.fence_rules import FenceRule
from tests.model.fence.rules import Rule
from tests.support.sources import ROOT

RULES = fence_rules.read()


def test_every_rule_is_one_that_a_machine_can_do_without() -> None:
    assert [rule.id for rule in RULES] == [str(rule) for rule in Rule]


def test_every_rule_is_kept_by_the_product() -> None:
    assert [rule.id for rule in RULES if rule.missing] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_whole_and_what_it_names_is_there(rule: FenceRule) -> None:
    assert objections(rule) == []


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"file": "streams/none.py"}, "no such file"),
        ({"line": "no such line"}, "the line is there 0 times"),
        ({"line": "import"}, "times"),
        ({"test": "tests/unit/test_main.py::test_none"}, "no such test"),
        ({"missing": "Not yet."}, "kept, and missing"),
        ({"file": "", "line": "", "broken": "", "test": ""}, "neither kept nor missing"),
    ],
)
def test_a_rule_with_a_mistake_is_found(wrong: dict[str, str], found: str) -> None:
    good = next(rule for rule in RULES if rule.id == "D.pending")
    fields = {name: getattr(good, name) for name in FenceRule.__slots__}
    assert any(found in one for one in objections(FenceRule(**{**fields, **wrong})))


def objections(rule: FenceRule) -> list[str]:
    """What is wrong with a rule."""
    kept = (rule.file, rule.line, rule.test)
    if not any(kept):
        return [] if rule.missing else ["neither kept nor missing"]
    found = ["kept, and missing"] if rule.missing else []
    path, _, name = rule.test.partition("::")
    if not (ROOT / path).is_file() or f"\ndef {name}(" not in (ROOT / path).read_text("utf-8"):
        found.append("no such test")
    if not (ROOT / rule.file).is_file():
        return [*found, "no such file"]
    text = (ROOT / rule.file).read_text("utf-8")
    times = len(re.findall(re.escape(rule.line), text))
    return found if times == 1 else [*found, f"the line is there {times} times"]
