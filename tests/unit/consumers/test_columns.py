"""Columns of many rows are sent to PostgreSQL in binary: as text, 32 bytes of a hash cost more than all the others."""

import re
from pathlib import Path

import pytest

from tests.support.sources import ROOT

FILES = sorted((ROOT / "consumers/recordgate_consumers").rglob("*.sql"))
AS_TEXT = re.compile(r"%\((\w+)\)s::(?:text|bytea)\[\]")


@pytest.mark.parametrize(
    "file", [p for p in FILES if "migrations" not in p.parts], ids=lambda p: p.name
)
def test_no_column_of_texts_or_bytes_is_sent_as_text(file: Path) -> None:
    assert AS_TEXT.findall(file.read_text("utf-8")) == []
