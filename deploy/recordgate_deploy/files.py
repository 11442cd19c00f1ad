"""Private folders, and small files that a kill leaves with their old content or their new one."""

import os
import tempfile
from pathlib import Path

from recordgate_schemas.errors import UsageError


def private_folder(path: Path) -> Path:
    """Return `path` absolute; a missing folder is made, for its owner only. UsageError when it cannot be used."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(_no_folder(path, str(error.strerror))) from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise UsageError(_no_folder(path, "not ours to write"))
    return path.resolve()


def _no_folder(path: Path, why: str) -> str:
    return f"RECORDGATE_HOME: {path}: {why}; name a folder that we may write"


def write_atomically(path: Path, text: str) -> None:
    """Write `path`, for its owner only: a reader sees the old text or the new one, never a part."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as aside:
        aside.write(text)
    Path(aside.name).replace(path)
