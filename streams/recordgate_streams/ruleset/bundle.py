"""The ruleset: loaded from a folder or from one document, compiled for the policy, and known by its hash."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recordgate_streams.policy.settings import PolicySettings
from recordgate_streams.ruleset import checks
from recordgate_streams.ruleset.compiled import compiled
from recordgate_streams.ruleset.digest import engine_hash, ruleset_hash
from recordgate_streams.ruleset.folder import read
from recordgate_streams.ruleset.model import ActivationLimits, Document, ReasonTexts
from recordgate_streams.ruleset.problems import BadRuleset, Finding, Problem, findings

SHIPPED = Path(__file__).parent / "shipped"

SHOWN_DIGITS = 12
"""Digits of a hash that people read; whatever is compared or signed has all of them."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that decides, under one hash.

    `hash`: over content and engine, in hex; every decision carries it. `engine`: over the rules' source text.
    `data`: the content as plain JSON-able data, with `hash` and `engine`; `from_data` reads it back.
    """

    name: str
    version: str
    hash: str
    engine: str
    settings: PolicySettings
    reasons: ReasonTexts
    activation: ActivationLimits
    data: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Name, version and the digits of the hash that people read."""
        return f"{self.name} {self.version} {self.hash[:SHOWN_DIGITS]}"


@cache
def current() -> Ruleset:
    """Return the ruleset shipped with this code."""
    return load(SHIPPED)


def load(folder: Path) -> Ruleset:
    """Return the ruleset of a bundle folder; raise BadRuleset naming every problem with file and line."""
    return _ruleset(Document.model_validate(read(folder)), engine_hash())


def from_data(data: Mapping[str, Any]) -> Ruleset:
    """Return the ruleset that the data describes; raise BadRuleset naming every problem.

    Parts it lacks, and texts of reasons it does not hold, are those of the shipped ruleset. A `hash` or `engine` in it
    is not checked: what was stored or sent is read by document.from_document, which checks.
    """
    content = {key: value for key, value in data.items() if key not in ("hash", "engine")}
    document, engine = _document(_completed(content)), data.get("engine", engine_hash())
    return _ruleset(document, engine, data.get("hash"))


def _completed(content: Mapping[str, Any]) -> dict[str, Any]:
    shipped = current().data
    reasons = {
        name: {**shipped["reasons"].get(name, {}), **text}
        for name, text in content.get("reasons", {}).items()
    }
    known = {key: value for key, value in shipped.items() if key not in ("hash", "engine")}
    return {**known, **content, "reasons": {**shipped["reasons"], **reasons}}


def _document(content: Mapping[str, Any]) -> Document:
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        wrong = list(findings(Document, error))
    else:
        wrong = list(_contradictions(document))
        if not wrong:
            return document
    raise BadRuleset(Problem("", 0, path, message) for path, message in wrong)


def _contradictions(document: Document) -> Iterator[Finding]:
    yield from checks.check_numbers(document.numbers)
    yield from checks.check_texts(document.reasons, document.outcomes)
    yield from checks.check_hints(document.hints)
    yield from checks.check_set_ids(document.code_sets)
    for place, one in enumerate(document.code_sets):
        yield from checks.check_members(one, ("code_sets", place))


def _ruleset(document: Document, engine: str, named: str | None = None) -> Ruleset:
    content = _in_order(document)
    digest = named or ruleset_hash(content, engine)
    document = Document.model_validate(content)
    return Ruleset(
        document.name,
        document.version,
        digest,
        engine,
        compiled(document),
        ReasonTexts(document.reasons, document.outcomes, document.patient.notice),
        document.activation,
        {"hash": digest, "engine": engine, **content},
    )


def _in_order(document: Document) -> dict[str, Any]:
    """Return the data in one order: how a list is sorted in a file makes no other ruleset."""
    data = document.model_dump(by_alias=True, mode="json")
    data["code_sets"].sort(key=lambda one: one["id"])
    for one in data["code_sets"]:
        one["members"].sort()
    for one in data["practices"].values():
        one["areas_off"].sort()
    data["clinician_roles"].sort()
    data["hints"].sort(key=lambda one: one["phrase"])
    return data
