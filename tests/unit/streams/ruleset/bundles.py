"""Bundles for tests: the shipped one, copied and changed."""

import shutil
from pathlib import Path

from recordgate_streams import ruleset


def copied(folder: Path) -> Path:
    """Return a copy of the shipped bundle."""
    return Path(shutil.copytree(ruleset.SHIPPED, folder / "bundle"))


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the shipped bundle in which the first `old` of the file is `new`."""
    bundle = copied(folder)
    text = (bundle / file).read_text("utf-8")
    assert old in text
    (bundle / file).write_text(text.replace(old, new, 1), "utf-8")
    return bundle
