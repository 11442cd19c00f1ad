"""What a run refuses is kept: one JSON line each in a private file, so that nothing is lost with the screen.

The lines hold clinical content. It goes into this file (mode 0600) and nowhere else.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from recordgate_schemas.errors import UsageError

MOST_BYTES = 16 * 1024 * 1024
"""Most bytes of one refused item that are kept; of a larger one only where it lies and its hash."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One item that was not published: where it lies, why not and what to do; and its bytes.

    `place`: `Bundle.entry[3]`, `line 7`, or empty for a whole source. `path` is None for standard input.
    """

    source: str
    path: Path | None
    place: str
    type: str
    why: str
    content: bytes | None = field(repr=False)

    def as_line(self) -> bytes:
        """Return the refusal as a line of JSON; the item as JSON where it is JSON, else in base64."""
        content = self.content
        line: dict[str, Any] = {
            "source": self.source,
            "path": None if self.path is None else str(self.path.absolute()),
            "place": self.place,
            "type": self.type,
            "why": self.why,
            "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        }
        if content is not None and len(content) <= MOST_BYTES:
            line |= _item(content)
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


class RefusalFile:
    """The file of one run, made with its first refusal. It is named for its content: the same again is kept once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest = hashlib.sha256()
        self._stream: IO[bytes] | None = None
        self.path: Path | None = None

    def add(self, refusals: Iterable[Refusal]) -> None:
        """Keep refusals. Raises UsageError when the folder or the disk does not allow it."""
        try:
            for refusal in refusals:
                stream = self._stream or self._open()
                line = refusal.as_line()
                self._digest.update(line)
                stream.write(line)
                stream.flush()
        except OSError as error:
            raise UsageError(_not_kept(self._folder, error)) from None

    def close(self) -> None:
        """End the file and give it its name; `path` says where it is, None when nothing was refused."""
        if self._stream is None:
            return
        try:
            os.fsync(self._stream.fileno())
            self._stream.close()
            named = self._folder / f"{self._digest.hexdigest()[:16]}.jsonl"
            Path(self._stream.name).replace(named)
        except OSError as error:
            raise UsageError(_not_kept(self._folder, error)) from None
        self.path = named

    def _open(self) -> IO[bytes]:
        """Make a file for its owner only; a run that is killed leaves it under this name, whole lines in it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stream = tempfile.NamedTemporaryFile(  # noqa: SIM115  open until `close`
            dir=self._folder, prefix="unfinished-", suffix=".jsonl", delete=False
        )
        return self._stream


def _item(content: bytes) -> dict[str, Any]:
    with suppress(orjson.JSONDecodeError):
        orjson.loads(content)
        return {"json": orjson.Fragment(content)}
    return {"base64": base64.b64encode(content).decode("ascii")}


def _not_kept(folder: Path, error: OSError) -> str:
    return f"what was refused cannot be kept in {folder} ({error.strerror}); name another folder with --refused"
