"""Small files that survive a kill: written aside, then renamed into place."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Make `path` if missing, readable by its owner only, and return it absolute."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.mkdir(mode=0o700, exist_ok=True)
    return path.resolve()


def write_whole(path: Path, text: str) -> None:
    """Write `path` so that a reader sees the old text or the new, and only the owner sees it."""
    with _beside(path) as aside:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Yield a new private file next to `path`; remove it if it is still there at the end."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
