"""Writes members into a code set's TOML file, and leaves the rest of the file as it is."""

import json
import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.lines import line_of
from recordgate_streams.ruleset.model import CodeSet
from recordgate_streams.ruleset.problems import BadRuleset, Problem, findings
from recordgate_streams.ruleset.rf2 import ReferenceSet

_MEMBERS = re.compile(r"""^members\s*=\s*\[(?:[^\]"#]|"[^"]*"|#[^\n]*)*\]""", re.MULTILINE)


def write_members(file: Path, refset: str, found: ReferenceSet) -> tuple[CodeSet, CodeSet]:
    """Put the reference set's members, version and provenance into the file; return the set before and after.

    The file has to name this reference set as its `member_source`: another one would change what the set means.
    """
    text = _text(file)
    known = _code_set(file, text)
    if known.member_source != refset:
        raise UsageError(
            f"{file.name}: member_source is {known.member_source or 'empty'}, not {refset};"
            " set it first if this is meant"
        )
    text = _put(text, _one_line("version"), "version", _quoted(found.version))
    text = _put(text, _one_line("provenance"), "provenance", _quoted(found.provenance))
    members = "".join(f'  "{member}",\n' for member in found.members)
    text = _put(text, _MEMBERS, "members", f"[\n{members}]")
    written = _code_set(file, text)
    if (written.members, written.provenance) != (found.members, found.provenance):
        raise UsageError(f"{file.name}: version, provenance and members must start a line each")
    file.write_text(text, "utf-8")
    return known, written


def _one_line(key: str) -> re.Pattern[str]:
    return re.compile(rf"^{key}\s*=.*$", re.MULTILINE)


def _put(text: str, place: re.Pattern[str], key: str, value: str) -> str:
    return place.sub(lambda _: f"{key} = {value}", text, count=1)


def _quoted(value: str) -> str:
    """Return a TOML string; JSON's is one, as long as it is not written in pairs of surrogates."""
    return json.dumps(value, ensure_ascii=False)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be read: {error.strerror}") from None


def _code_set(file: Path, text: str) -> CodeSet:
    try:
        return CodeSet.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file.name}: no TOML: {error}") from None
    except ValidationError as error:
        raise BadRuleset(
            Problem(file.name, line_of(text, path), path, message)
            for path, message in findings(CodeSet, error)
        ) from None
