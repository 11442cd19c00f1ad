"""A ruleset as one document: its whole data, with the hash that everybody can check."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rfc8785

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.bundle import Ruleset, from_data, load
from recordgate_streams.ruleset.problems import read_file


def pack(ruleset: Ruleset, folder: Path) -> Path:
    """Write the ruleset as `NAME-VERSION-HASH.json`, canonical JSON, into the folder and return its path."""
    file = folder / f"{ruleset.title.replace(' ', '-')}.json"
    file.write_bytes(rfc8785.dumps(dict(ruleset.data)))
    return file


def from_document(data: Mapping[str, Any]) -> Ruleset:
    """Return the ruleset of a document that was stored or sent; raise UsageError unless it has the hash it names.

    A document for another engine than this code's keeps that engine: compare `engine` before letting it decide.
    """
    if not {"hash", "engine"} <= data.keys():
        raise UsageError("ruleset: names no hash and engine; make one with `recordgate rules pack`")
    found = from_data({key: value for key, value in data.items() if key != "hash"})
    if found.hash != data["hash"]:
        raise UsageError("ruleset: its hash is not that of its content; it was changed after")
    return found


def open_ruleset(place: str | Path) -> Ruleset:
    """Return the ruleset of a bundle folder or of a packed file; raise UsageError when it is neither or is wrong."""
    path = Path(place)
    if path.is_dir():
        return load(path)
    try:
        data = json.loads(read_file(path))
    except (ValueError, RecursionError):
        raise UsageError(
            f"{path.name}: no JSON; expected a bundle folder or a packed ruleset"
        ) from None
    if not isinstance(data, dict):
        raise UsageError(f"{path.name}: no packed ruleset; make one with `recordgate rules pack`")
    return from_document(data)
