"""A folder or key that `recordgate up` cannot use is one clear line and status 2, and nothing is made in its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recordgate_deploy import main
from recordgate_deploy.files import private_folder
from recordgate_deploy.stack import running
from recordgate_runtime.settings import settings
from recordgate_schemas.errors import UsageError
from tests.support.stand_ins import nothing_configured


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    nothing_configured(monkeypatch)
    yield
    settings.cache_clear()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_home_that_cannot_be_a_folder_is_named_with_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    below: str,
) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("a file")
    home = in_the_way / below
    monkeypatch.setenv("RECORDGATE_HOME", str(home))
    settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main.main(lambda: main.app(["up"], standalone_mode=False))
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith(f"recordgate: RECORDGATE_HOME: {home}: ")


def test_a_home_that_cannot_be_looked_into_ends_every_command_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECORDGATE_HOME", "/" + "x" * 300)
    settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main.main(lambda: main.app(["account"], standalone_mode=False))
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith("recordgate: RECORDGATE_HOME: /xxx")


def test_a_folder_that_nobody_may_write_is_refused() -> None:
    with pytest.raises(UsageError, match="RECORDGATE_HOME: /proc/recordgate"):
        private_folder(Path("/proc/recordgate"))


def test_a_configured_key_that_is_not_there_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "mistyped.key"
    monkeypatch.setenv("RECORDGATE_QUARANTINE_KEY", str(key))
    settings.cache_clear()
    refused = pytest.raises(UsageError, match=f"RECORDGATE_QUARANTINE_KEY: {key}: No such file")
    with refused, (tmp_path / "log").open("wb") as log, running(tmp_path / "home", log):
        pytest.fail("nothing may start")
    assert not key.exists()
