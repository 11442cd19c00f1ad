"""Commands of these tests keep their files in a folder of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recordgate_runtime.settings import settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("RECORDGATE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()
