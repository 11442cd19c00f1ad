"""What became of every resource of a Bundle: none is left unaccounted for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a resource; `refused` ones are mistakes somebody must mend."""

    PUBLISHED = "published"
    CONTAINED = "contained"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the resource at `index` of Bundle.entry, and why if it was not published."""

    index: int
    type: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about a resource that was published all the same."""

    index: int
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One line of a report: how many resources of a type had which outcome, and the reasons with counts."""

    type: str
    published: int
    contained: int
    skipped: int
    refused: int
    why: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many resources of this type there were."""
        return self.published + self.contained + self.skipped + self.refused


def by_type(fates: Sequence[Fate]) -> tuple[TypeRow, ...]:
    """Return the fates per resource type, in the order of the alphabet."""
    return tuple(_row(kind, fates) for kind in sorted({fate.type for fate in fates}))


def _row(kind: str, fates: Sequence[Fate]) -> TypeRow:
    mine = [fate for fate in fates if fate.type == kind]
    reasons = Counter(fate.reason for fate in mine if fate.reason)
    counts = {outcome: sum(fate.outcome is outcome for fate in mine) for outcome in Outcome}
    return TypeRow(
        type=kind,
        published=counts[Outcome.PUBLISHED],
        contained=counts[Outcome.CONTAINED],
        skipped=counts[Outcome.SKIPPED],
        refused=counts[Outcome.REFUSED],
        why=tuple(f"{reason} ({count})" for reason, count in sorted(reasons.items())),
    )
