"""Files that hold secrets: regular, and readable by their owner only, or they are not used."""

import stat
from pathlib import Path

from recordgate_schemas.errors import UsageError


def refuse_readable(file: Path, what: str) -> None:
    """Raise UsageError unless `file` is a regular file that nobody but its owner may read; `what` names it."""
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise UsageError(f"{what}: {file}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise UsageError(f"{what}: {file}: not a regular file")
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(f"{what}: {file}: others may read it; chmod 600")
