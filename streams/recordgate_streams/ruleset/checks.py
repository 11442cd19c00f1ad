"""Checks over several values at once: what is missing, given twice, or contradicts something else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.ruleset.model import CodeSet, Hint, Label, NumberTable, ReasonText
from recordgate_streams.ruleset.problems import Finding, Path


def check_numbers(numbers: NumberTable) -> Iterator[Finding]:
    """A grant is reviewed before it stops."""
    if numbers.proxy_stop_age < numbers.proxy_review_age:
        yield ("numbers", "proxy_stop_age"), "is below proxy_review_age; raise it, or lower that"


def check_texts(
    reasons: Mapping[Reason, ReasonText], outcomes: Mapping[Outcome, str]
) -> Iterator[Finding]:
    """Every reason and every outcome has its texts."""
    for reason in Reason:
        if reason not in reasons:
            yield ("reasons",), f"{reason} is missing; add [reasons.{reason}]"
    for outcome in Outcome:
        if outcome not in outcomes:
            yield ("outcomes",), f"{outcome} is missing; add its sentence"


def check_hints(hints: Sequence[Hint]) -> Iterator[Finding]:
    """No phrase appears twice."""
    phrases = [hint.phrase.casefold() for hint in hints]
    for place in _again(phrases):
        yield ("hints", place, "phrase"), "is in the list already; remove one"


def check_members(code_set: CodeSet, at: Path = ()) -> Iterator[Finding]:
    """No member appears twice in one set."""
    for place in _again(code_set.members):
        yield (*at, "members", place), "is in the list already; remove one"


def check_set_ids(sets: Sequence[CodeSet]) -> Iterator[Finding]:
    """Two sets never share an id."""
    for place in _again([code_set.id for code_set in sets]):
        first = [code_set.id for code_set in sets].index(sets[place].id)
        yield ("code_sets", place, "id"), f"is the id of another set (number {first + 1}) already"


def check_labels_described(labels: Mapping[str, Label]) -> Iterator[Finding]:
    """In a bundle, every label says what it is and where its treatment comes from."""
    for code, label in labels.items():
        for key in ("title", "source"):
            if not getattr(label, key):
                yield ("labels", code, key), "is empty; say what the label is and why it is so"


def check_set_described(code_set: CodeSet) -> Iterator[Finding]:
    """In a bundle, every set says what it is, and whence and under which licence its members come."""
    for key in ("title", "source", "version", "provenance", "licence"):
        if not getattr(code_set, key):
            yield (key,), "is empty; a set has to say what it is and where it comes from"


def _again(values: Iterable[str]) -> list[int]:
    """Return the places of values that have come before."""
    seen: set[str] = set()
    places = []
    for place, value in enumerate(values):
        if value in seen:
            places.append(place)
        seen.add(value)
    return places
