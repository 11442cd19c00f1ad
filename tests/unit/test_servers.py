"""The embedded servers' settings: what a home folder has is adopted, what it has not is not made up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recordgate_deploy.servers import find_embedded
from recordgate_runtime.settings import settings
from recordgate_streams.ledger.quarantine_seal import make_key_file


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder of embedded servers, and nothing else configured."""
    for server in ("kafka", "postgres"):
        (tmp_path / server).mkdir()
        (tmp_path / server / "port").write_text("5")
    for name in ("KAFKA", "LEDGER_DSN", "VIEW_DSN", "REVIEW_DSN", "QUARANTINE_KEY"):
        monkeypatch.setenv(f"RECORDGATE_{name}", "")
    monkeypatch.setenv("RECORDGATE_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_the_key_of_a_home_is_adopted(home: Path) -> None:
    make_key_file(home / "quarantine.key")
    find_embedded()
    assert settings().ledger_dsn
    assert settings().quarantine_key == home / "quarantine.key"


def test_a_home_from_before_the_key_has_none(home: Path) -> None:
    assert not (home / "quarantine.key").exists()
    find_embedded()
    assert settings().ledger_dsn
    assert settings().quarantine_key is None
