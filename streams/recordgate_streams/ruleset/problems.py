"""What is wrong with a ruleset, one line each: `file:line: path: what is wrong; valid choices: ...`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path as File
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from recordgate_schemas.errors import UsageError

Path = tuple[str | int, ...]
Finding = tuple[Path, str]
"""Where in the data, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding and its place; `line` 0: in no file."""

    file: str
    line: int
    path: Path
    message: str

    def __str__(self) -> str:
        """Return the line an editor can jump to."""
        place = f"{self.file}:{self.line}: " if self.line else ""
        path = f"{dotted(self.path)}: " if self.path else ""
        return f"{place}{path}{self.message}"


class BadRuleset(UsageError):
    """A ruleset that says something wrong; the text has one line for each problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def read_file(file: File) -> bytes:
    """Return what a file holds; raise UsageError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be read: {error.strerror}") from None


def read_text(file: File, encoding: str = "utf-8") -> str:
    """Return the text of a file, whatever its line ends; raise UsageError when it cannot be read."""
    return read_file(file).decode(encoding).replace("\r\n", "\n")


def dotted(path: Path) -> str:
    """Return a path as people write it: `practices.A82038.areas_off[0]`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def findings(model: type[BaseModel], error: ValidationError) -> Iterator[Finding]:
    """Translate everything pydantic found wrong with data for the model."""
    for found in error.errors():
        path = tuple(part for part in found["loc"] if part != "[key]")
        yield path, _message(model, path, found)


def _message(model: type[BaseModel], path: Path, found: Any) -> str:
    match found["type"]:
        case "extra_forbidden":
            return _choose("unknown key", path[-1], _keys(model, path[:-1]))
        case "missing":
            return "is missing; add it"
        case "literal_error" | "enum":
            choices = re.findall(r"'([^']*)'", found["ctx"]["expected"])
            return _choose("not one of the choices", found["input"], choices)
        case "value_error":
            return str(found["ctx"]["error"])
    return str(found["msg"])


def _choose(what: str, given: object, choices: list[str]) -> str:
    near = get_close_matches(str(given), choices, 1)
    suggestion = f"; did you mean {near[0]}?" if near else ""
    return (
        f"{what}{suggestion}; valid choices: {', '.join(choice or '(empty)' for choice in choices)}"
    )


def _keys(model: Any, path: Path) -> list[str]:
    """Return the keys that the table at the path knows."""
    for part in path:
        inside = [] if isinstance(part, int) else _named(model, part)
        model = next(iter(inside), None) or next(_models(model))
    return [field.alias or name for name, field in model.model_fields.items()]


def _named(model: Any, key: str) -> list[Any]:
    fields = getattr(model, "model_fields", {})
    return [fields[key].annotation] if key in fields else []


def _models(annotation: Any) -> Iterator[Any]:
    """Yield the models inside `dict[str, Model]` or `tuple[Model, ...]`."""
    for argument in get_args(annotation):
        if hasattr(argument, "model_fields"):
            yield argument
