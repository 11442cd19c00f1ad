"""Where records come from: files, folders, gzip, standard input. Nothing is read without a limit."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from recordgate_schemas.errors import PoisonError, UsageError

LIMIT_BYTES = 256 * 1024 * 1024
"""Most bytes of one file, decompressed."""

STDIN = "-"
_CHUNK = 1024 * 1024
_GZIP = b"\x1f\x8b"
_LINES = (".jsonl", ".ndjson")
_RECORDS = (".json", *_LINES)


class Form(StrEnum):
    """What a source holds."""

    RECORD = "record"
    CONTROLS = "controls"


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input (`path` None). `name` is what messages call it."""

    name: str
    path: Path | None


def find(paths: Iterable[str]) -> list[Source]:
    """Return the sources under `paths`, folders walked and sorted; raise UsageError for a path that is not there."""
    return [source for path in paths for source in _under(path)]


def read(source: Source, limit_bytes: int = LIMIT_BYTES) -> tuple[Form, bytes]:
    """Return what a source holds, decompressed; raise PoisonError if it cannot be read or is too large."""
    try:
        if source.path is None:
            data = _read(sys.stdin.buffer, limit_bytes)
        else:
            with source.path.open("rb") as stream:
                data = _read(stream, limit_bytes)
    except OSError as error:
        raise PoisonError(f"cannot be read ({error.strerror}); check the file") from None
    return _form(source, data), data


def _under(path: str) -> Iterator[Source]:
    if path == STDIN:
        yield Source("standard input", None)
        return
    start = Path(path)
    if start.is_dir():
        for folder, folders, files in os.walk(start):
            folders.sort()
            for name in sorted(files):
                if _base(name).endswith(_RECORDS):
                    yield _source(Path(folder) / name)
    elif start.exists():
        yield _source(start)
    else:
        raise UsageError(f"{_printable(start)}: no such file or folder")


def _source(path: Path) -> Source:
    return Source(_printable(path), path)


def _printable(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _base(name: str) -> str:
    return name.lower().removesuffix(".gz")


def _read(stream: Any, limit_bytes: int) -> bytes:
    reader = io.BufferedReader(stream)
    try:
        if reader.peek(len(_GZIP))[: len(_GZIP)] != _GZIP:
            return _limited(reader, limit_bytes)
        with gzip.GzipFile(fileobj=reader) as unpacked:
            return _limited(unpacked, limit_bytes)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise PoisonError("broken gzip; compress the file again") from None
    finally:
        reader.detach()


def _limited(stream: io.BufferedReader | gzip.GzipFile, limit_bytes: int) -> bytes:
    """Read in pieces and stop at the limit: a few kilobytes of gzip can hold gigabytes."""
    read = io.BytesIO()
    while piece := stream.read(_CHUNK):
        read.write(piece)
        if read.tell() > limit_bytes:
            raise PoisonError(f"more than {limit_bytes >> 20} MiB; split it, one record each")
    return read.getvalue()


def _form(source: Source, data: bytes) -> Form:
    if source.path is not None:
        return Form.CONTROLS if _base(source.path.name).endswith(_LINES) else Form.RECORD
    # Standard input has no file name: controls are recognised by a field that no Bundle has in its first line.
    return Form.CONTROLS if b'"control_id"' in data.lstrip().partition(b"\n")[0] else Form.RECORD
