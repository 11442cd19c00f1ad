"""Published test records, read in place from the checkout's sibling `../shared/data`; never copied into the project."""

import gzip
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

needs_shared_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="NOT RUN: the published test records (../shared/data) are not here"
)
"""Put on tests that read them; where they are not, the summary says so."""


def documents(*patterns: str) -> list[Path]:
    """Return the JSON files (plain or gzip) under the shared records that match; none if they are not here."""
    found = {path for pattern in patterns for path in SHARED.glob(pattern)}
    return sorted(path for path in found if path.suffix in (".json", ".gz"))


def content(path: Path) -> bytes:
    """Return a file's bytes, decompressed."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data
