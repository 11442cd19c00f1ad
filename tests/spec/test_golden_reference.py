"""Every golden row the present rules cover is in our tables, and says what the domain reference says.

The reference lies beside the checkout where the project is developed, not in the repository.
"""

import csv
from pathlib import Path

import pytest

from recordgate_schemas.reasons import Reason
from tests.spec import (
    test_golden_content,
    test_golden_controls,
    test_golden_later,
    test_golden_right_and_window,
)
from tests.spec.golden import Row

REFERENCE = Path(__file__).resolve().parents[3] / "shared/reference/golden_decisions.csv"
TABLES = (
    test_golden_right_and_window.ROWS,
    test_golden_controls.ROWS,
    test_golden_content.ROWS,
    test_golden_later.ROWS,
)
OURS = [row for table in TABLES for row in table]
COVERED = """
1 2 3 4 5 6 7 8 9 10a 10b 11 12 13a 14 15 16 17a 17b 18 20 21 22a 23a 24a 26 27a 27b
29a 29b 30a 30b 31b 32a 32b 33a 33c 34b 35 36a 37 38 39a 39b 40a 41
42 43 44 45 46 47 48a 48b 49 50 51 52 53 54a 54b 55 58 59 60a 60b 60c 60d 61 71a 71b 72 73
75 76 80 83a 83b 86a 87b 89a 90a 90b 91 92a 92b 92c 96 97a
"""
OTHER_WORDS = {"39a", "96"}
"""39a: the entry stays and loses its free text. 96: the reference's CONFLICT is here two contents of a version."""
REMARKS = {"free text dropped": "FREE_TEXT_DROPPED", "inherited": "SOURCE_NOPAT"}


def test_the_rows_the_rules_cover_are_all_in_the_tables() -> None:
    assert set(COVERED.split()) == {row.number for row in OURS}


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not beside the checkout")
@pytest.mark.parametrize("ours", [r for r in OURS if r.number not in OTHER_WORDS], ids=str)
def test_a_row_of_ours_expects_what_the_reference_expects(ours: Row) -> None:
    theirs = _reference()[ours.number]
    assert theirs["expect"] == ours.expect
    reason = REMARKS.get(theirs["reason"], theirs["reason"])
    if reason in Reason.__members__:
        assert reason in ours.reasons


def _reference() -> dict[str, dict[str, str]]:
    with REFERENCE.open(encoding="utf-8") as file:
        return {row["row"]: row for row in csv.DictReader(file)}
