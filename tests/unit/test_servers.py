"""The embedded servers' settings: what a home folder has is adopted, what it has not is not made up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recordgate_deploy.servers import find_embedded, make_key_files
from recordgate_runtime.settings import settings
from recordgate_streams.ledger.quarantine_seal import make_key_file

KEYS = ("QUARANTINE_KEY", "REVIEW_KEY", "OPERATOR_KEY")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder of embedded servers, and nothing else configured."""
    for server in ("kafka", "postgres"):
        (tmp_path / server).mkdir()
        (tmp_path / server / "port").write_text("5")
    for name in ("KAFKA", "LEDGER_DSN", "VIEW_DSN", "REVIEW_DSN", *KEYS):
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


def test_the_keys_of_a_home_are_made_once_for_their_owner_and_adopted(home: Path) -> None:
    make_key_files(home)
    files = [home / name for name in ("quarantine.key", "review.pem", "operator.pem")]
    before = [file.read_bytes() for file in files]
    make_key_files(home)
    find_embedded()

    assert [file.read_bytes() for file in files] == before
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    known = settings()
    assert [known.quarantine_key, known.review_key, known.operator_key] == files


def test_a_home_from_before_the_key_has_none(home: Path) -> None:
    assert not (home / "quarantine.key").exists()
    find_embedded()
    assert settings().ledger_dsn
    assert settings().quarantine_key is None
