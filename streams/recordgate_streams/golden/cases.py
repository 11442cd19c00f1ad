"""The golden cases, read from the tables."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from recordgate_schemas.errors import UsageError
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.golden.words import Word

NOT_CASES = ("baseline.toml", "rows.toml")
Fields = dict[str, Any]


class Unchecked(BaseModel):
    """What of an expectation one of the two ways to run it cannot see, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pure: str = ""
    pipeline: str = ""


class Case(BaseModel):
    """One assertion: who and when, what is stated about P0 and E0 (`baseline.toml`), and what has to come out.

    `row`: number in the domain reference. `number`: place among the cases of the row, from 1. `title`: who and when.
    `of`: the entry looked at, or `all`. `reasons`: every reason of its decision, no more; of a task, the task's.
    `basis`: tag and source keys of the domain reference. `remark`: where our words differ from the reference's.
    `registered`, `access`, `grant`, `entry`: fields in place of the baseline's; `without`: parts of it left out.
    `say`, `others`: further controls and entries. `then`: what comes once a state was reached, `before` its outcome.
    `waits`: how long before the run that state is looked at. `again`: everything comes a second time.
    `rules`, `then_rules`: switches and numbers by name, `members` of code sets, `practices`, tables `unreadable`.
    `version`: the one that is to be shown. `part`: the kind of element that leaves the view.
    `closed`: entries not to be seen beside the one looked at. `unchecked`: what a run does not show.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: str
    title: str
    expect: Word
    basis: str
    group: str = ""
    number: int = 1
    audience: Literal["SELF", "PROXY"] = "SELF"
    of: str = "e0"
    reasons: tuple[Reason, ...] = ()
    before: Outcome | None = None
    remark: str = ""
    nhs_number: str = ""
    registered: Fields = {}
    access: Fields = {}
    grant: Fields | None = None
    entry: Fields = {}
    without: tuple[Literal["registered", "access", "used", "entry"], ...] = ()
    say: tuple[Fields, ...] = ()
    others: tuple[Fields, ...] = ()
    then: tuple[Fields, ...] = ()
    waits: str = ""
    again: bool = False
    rules: Fields = {}
    then_rules: Fields = {}
    version: int = 0
    part: Literal["", "free_text", "attachment", "child"] = ""
    closed: tuple[str, ...] = ()
    unchecked: Unchecked = Unchecked()

    @property
    def name(self) -> str:
        """Row and place, such as 75.2; unique."""
        return self.row if self.number == 1 else f"{self.row}.{self.number}"

    @property
    def is_proxys(self) -> bool:
        """True when it looks at what proxies see."""
        return self.audience == "PROXY"


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases, by group and row; raise UsageError naming file and case of everything wrong."""
    found: list[Case] = []
    for file in sorted(files(__package__).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml") and file.name not in NOT_CASES:
            found += _read(file.name, tomllib.loads(file.read_text("utf-8")))
    return tuple(_numbered(sorted(found, key=lambda case: place(case.row))))


@cache
def baseline() -> Fields:
    """Return where every case starts."""
    return _data("baseline.toml")


@cache
def rows() -> tuple[str, ...]:
    """Return every sub-row of the domain reference's table, in its order."""
    return tuple(_data("rows.toml")["rows"])


def place(row: str) -> tuple[int, str]:
    """Return what sorts rows: 9 before 10a before 10b."""
    digits = row.rstrip("abcdefgh")
    return int(digits), row[len(digits) :]


def _data(name: str) -> Fields:
    return tomllib.loads((files(__package__) / name).read_text("utf-8"))


def _read(name: str, table: Fields) -> Iterable[Case]:
    for number, one in enumerate(table["case"], 1):
        try:
            yield Case(**{"group": table["group"], **one})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"{name}: case {number}: {where}: {first['msg']}") from None


def _numbered(found: Iterable[Case]) -> Iterable[Case]:
    seen: Counter[str] = Counter()
    for case in found:
        seen[case.row] += 1
        yield case.model_copy(update={"number": seen[case.row]})
