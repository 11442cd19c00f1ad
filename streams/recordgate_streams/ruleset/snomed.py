"""SNOMED CT identifiers and their Verhoeff check digit (SNOMED CT Release File Specification, "SCTID")."""

import re
from functools import cache

_SCTID = re.compile(r"[1-9][0-9]{2,14}[01]0[0-9]")
_ROTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_concept_id(text: str) -> bool:
    """True for 6 to 18 digits without a leading zero: item, partition of a concept (00 or 10), check digit."""
    return bool(_SCTID.fullmatch(text)) and _checksum(text) == 0


def _checksum(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total = _dihedral(total, _permuted(place % 8, int(digit)))
    return total


@cache
def _permuted(times: int, digit: int) -> int:
    """Apply Verhoeff's permutation so many times."""
    return digit if times == 0 else _permuted(times - 1, _ROTATION[digit])


def _dihedral(a: int, b: int) -> int:
    """Multiply in the dihedral group of ten elements: rotations 0-4, reflections 5-9."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5
