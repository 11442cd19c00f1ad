"""Reads a bundle: a folder of TOML files. All problems of all files are reported at once, with file and line."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from recordgate_streams.ruleset import checks
from recordgate_streams.ruleset.lines import line_of
from recordgate_streams.ruleset.model import (
    CodeSet,
    HintsFile,
    LabelsFile,
    ReasonsFile,
    RulesetFile,
)
from recordgate_streams.ruleset.problems import BadRuleset, Finding, Problem, findings

CODE_SETS = "code_sets"
_AT_LINE = re.compile(r"^(.*) \(at line (\d+), column \d+\)$")
_Model = TypeVar("_Model", bound=BaseModel)


def read(folder: Path) -> dict[str, Any]:
    """Return the content of a bundle as data; raise BadRuleset naming every problem in every file."""
    reading = _Reading(folder)
    rules = reading.file("ruleset.toml", RulesetFile)
    labels = reading.file("labels.toml", LabelsFile)
    reasons = reading.file("reasons.toml", ReasonsFile)
    hints = reading.file("hints.toml", HintsFile)
    sets = reading.code_sets()
    if rules:
        reading.note("ruleset.toml", checks.check_numbers(rules.numbers))
    if labels:
        reading.note("labels.toml", checks.check_labels_described(labels.labels))
    if reasons:
        reading.note("reasons.toml", checks.check_texts(reasons.reasons, reasons.outcomes))
    if hints:
        reading.note("hints.toml", checks.check_hints(hints.hints))
    if reading.problems or not (rules and labels and reasons and hints):
        raise BadRuleset(reading.problems)
    parts = rules.model_dump(by_alias=True, mode="json")
    parts["go_live"] = parts["go_live"]["default"]
    parts |= parts.pop("review")
    for part in (labels, reasons, hints):
        parts |= part.model_dump(by_alias=True, mode="json")
    return parts | {"code_sets": [one.model_dump(by_alias=True, mode="json") for one in sets]}


@dataclass(slots=True)
class _Reading:
    """A bundle being read: the text of its files, and the problems so far."""

    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def file(self, name: str, model: type[_Model]) -> _Model | None:
        """Return the file as the model, or None and note what is wrong with it."""
        try:
            self.texts[name] = (self.folder / name).read_text("utf-8")
            return model.model_validate(tomllib.loads(self.texts[name]))
        except FileNotFoundError:
            self._add(name, 1, "the file is missing; a bundle has it, see the shipped one")
        except UnicodeDecodeError:
            self._add(name, 1, "is not UTF-8; save it as UTF-8")
        except RecursionError:
            self._add(name, 1, "no TOML: too many brackets inside one another")
        except tomllib.TOMLDecodeError as error:
            place = _AT_LINE.match(str(error))
            last = self.texts[name].count("\n") + 1
            line, message = (int(place[2]), place[1]) if place else (last, error)
            self._add(name, line, f"no TOML: {message}")
        except ValidationError as error:
            self.note(name, findings(model, error))
        return None

    def code_sets(self) -> list[CodeSet]:
        """Return the sets whose files are right, and note what is wrong with the others."""
        names = sorted(
            f"{CODE_SETS}/{file.name}" for file in (self.folder / CODE_SETS).glob("*.toml")
        )
        if not names:
            self._add(CODE_SETS, 1, "no code set; without them nothing would be recognised")
        sets = {name: one for name in names if (one := self.file(name, CodeSet))}
        for name, one in sets.items():
            self.note(name, _of_one_set(one))
        for (_, place, key), message in checks.check_set_ids(list(sets.values())):
            self.note(list(sets)[int(place)], [((key,), message)])
        return list(sets.values())

    def note(self, name: str, found: Iterable[Finding]) -> None:
        """Note findings in a file."""
        for path, message in found:
            line = line_of(self.texts[name], path)
            self.problems.append(Problem(name, line, path, message))

    def _add(self, name: str, line: int, message: str) -> None:
        self.problems.append(Problem(name, line, (), message))


def _of_one_set(one: CodeSet) -> Iterator[Finding]:
    yield from checks.check_members(one)
    yield from checks.check_set_described(one)
