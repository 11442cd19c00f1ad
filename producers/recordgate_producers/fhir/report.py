"""What became of every resource of a Bundle: none is left unaccounted for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class ResourceOutcome(StrEnum):
    """What became of a resource; `refused` ones are mistakes somebody must mend."""

    PUBLISHED = "published"
    CONTAINED = "contained"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ResourceReport:
    """What became of the resource at `index` of Bundle.entry, and why if it was not published."""

    index: int
    type: str
    outcome: ResourceOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about a resource that was published all the same."""

    index: int
    type: str
    text: str


def one_line_per_kind(found: Iterable[tuple[int, str, str]]) -> Iterator[str]:
    """Yield one line per resource type and text, so that a thousand equal mistakes do not bury another.

    `found`: index in Bundle.entry, resource type, text.
    """
    indexes: dict[tuple[str, str], list[int]] = {}
    for index, kind, text in found:
        indexes.setdefault((kind, text), []).append(index)
    for (kind, text), places in indexes.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield f"entry {places[0]}{more}: {kind}: {text}"
