"""SNOMED CT concept ids: length, partition, check digit."""

import pytest

from recordgate_streams.ruleset.snomed import is_concept_id, with_check_digit

PUBLISHED = ["417430008", "836881000000105", "999002381000000108", "1364731000000104", "1955841000000104"]  # fmt: skip


@pytest.mark.parametrize("text", PUBLISHED)
def test_a_published_id_is_one_with_no_other_last_digit(text: str) -> None:
    assert is_concept_id(text)
    assert with_check_digit(text[:-1]) == text
    assert [d for d in "0123456789" if is_concept_id(text[:-1] + d)] == [text[-1]]


@pytest.mark.parametrize("text", PUBLISHED)
def test_two_digits_swapped_are_no_id(text: str) -> None:
    swaps = {
        text[:n] + text[n + 1] + text[n] + text[n + 2 :]
        for n in range(len(text) - 1)
        if text[n] != text[n + 1]
    }
    assert swaps
    assert [swap for swap in swaps if is_concept_id(swap)] == []


NOT_ONE = {
    "nothing": "",
    "too short": "12002",
    "too long": with_check_digit("1" * 16 + "10"),
    "a leading zero": with_check_digit("0417430" + "00"),
    "letters": "41743000A",
    "a space": " 417430008",
    "other digits than ASCII": "41743000\N{ARABIC-INDIC DIGIT EIGHT}",
    "a description": with_check_digit("417430" + "01"),
    "a relationship": with_check_digit("8368810000001" + "12"),
}


@pytest.mark.parametrize("text", NOT_ONE.values(), ids=NOT_ONE)
def test_what_is_no_concept_id(text: str) -> None:
    assert not is_concept_id(text)
