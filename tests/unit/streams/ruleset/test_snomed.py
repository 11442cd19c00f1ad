"""SNOMED CT concept ids: length, partition, check digit."""

import pytest

from recordgate_streams.ruleset.snomed import is_concept_id

PUBLISHED = ["417430008", "836881000000105", "999002381000000108", "1364731000000104", "1955841000000104"]  # fmt: skip


@pytest.mark.parametrize("text", PUBLISHED)
def test_a_published_id_is_one_with_no_other_last_digit(text: str) -> None:
    assert is_concept_id(text)
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


# where there are digits alone, the check digit is right
NOT_ONE = {
    "nothing": "",
    "too short": "12002",
    "too long": "1111111111111111106",
    "a leading zero": "0417430007",
    "letters": "41743000A",
    "a space": " 417430008",
    "other digits than ASCII": "41743000\N{ARABIC-INDIC DIGIT EIGHT}",
    "a description": "417430012",
    "a relationship": "8368810000001124",
}


@pytest.mark.parametrize("text", NOT_ONE.values(), ids=NOT_ONE)
def test_what_is_no_concept_id(text: str) -> None:
    assert not is_concept_id(text)
