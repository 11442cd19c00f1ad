"""Writes members into a code set's TOML file, and leaves the rest of the file as it is."""

from pathlib import Path

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import ParseError

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.lines import line_of
from recordgate_streams.ruleset.model import CodeSet
from recordgate_streams.ruleset.problems import BadRuleset, Problem, findings, read_text
from recordgate_streams.ruleset.rf2 import ReferenceSet


def write_members(file: Path, refset: str, found: ReferenceSet) -> tuple[CodeSet, CodeSet]:
    """Put the reference set's members, version and provenance into the file; return the set before and after.

    The file has to name this reference set as its `member_source`: another one would change what the set means.
    """
    try:
        text = read_text(file)
        document = tomlkit.parse(text)
    except ParseError as error:
        raise UsageError(f"{file.name}: no TOML: {error}") from None
    known = _code_set(file, text, document)
    if known.member_source != refset:
        raise UsageError(
            f"{file.name}: member_source is {known.member_source or 'empty'}, not {refset};"
            " set it first if this is meant"
        )
    members = tomlkit.array()
    for member in found.members:
        members.add_line(member, indent="  ")
    members.add_line(indent="")
    document.update(version=found.version, provenance=found.provenance, members=members)
    text = tomlkit.dumps(document)
    written = _code_set(file, text, document)
    file.write_text(text, "utf-8")
    return known, written


def _code_set(file: Path, text: str, document: tomlkit.TOMLDocument) -> CodeSet:
    try:
        return CodeSet.model_validate(document.unwrap())
    except ValidationError as error:
        raise BadRuleset(
            Problem(file.name, line_of(text, path), path, message)
            for path, message in findings(CodeSet, error)
        ) from None
