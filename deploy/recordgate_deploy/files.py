"""Private folders, and small files that a kill leaves with their old content or their new one."""

import tempfile
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Return `path` absolute; a missing folder is made, for its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.resolve()


def write_atomically(path: Path, text: str) -> None:
    """Write `path`, for its owner only: a reader sees the old text or the new one, never a part."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as aside:
        aside.write(text)
    Path(aside.name).replace(path)
