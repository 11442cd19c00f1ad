"""Runs every golden case in memory, and says what is not as specified."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from recordgate_streams.golden.cases import Case, cases, place, rows
from recordgate_streams.golden.judge import Run, differences
from recordgate_streams.golden.pure import run
from recordgate_streams.ruleset import Ruleset

ROWS = 99


def check(now: datetime, found: tuple[Case, ...] | None = None) -> Iterator[str]:
    """Yield a line for every case that comes out otherwise at that moment, and for every row without a case."""
    tables = cases() if found is None else found
    for case, difference in differing(now, tables):
        yield f"{case.name} {case.title}: {difference}"
    yield from missing(tables)


def differing(
    now: datetime, tables: Iterable[Case], base: Ruleset | None = None
) -> Iterator[tuple[Case, str]]:
    """Yield every case that comes out otherwise than specified, under the shipped ruleset or another one."""
    for case in tables:
        before, after = run(case, now, base)
        for difference in differences(Run(case, before, after)):
            yield case, difference


def missing(found: Iterable[Case]) -> Iterator[str]:
    """Yield a line for every row of the reference that has no case, and for every case of a row it does not have."""
    ours = {case.row for case in found}
    numbers = {place(row)[0] for row in ours}
    yield from (f"{row}: has no case" for row in rows() if row not in ours)
    yield from (f"{row}: is no row of the reference" for row in sorted(ours - set(rows())))
    yield from (f"{number}: has no row" for number in range(1, ROWS + 1) if number not in numbers)
