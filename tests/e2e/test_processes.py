"""Every process tells its health on loopback; nothing opens a port beyond that."""

import urllib.request

import psutil
import pytest

from recordgate_deploy.logins import passfile_of, read_passwords
from recordgate_deploy.processes import APPS
from recordgate_deploy.runner import Runner
from recordgate_runtime.settings import settings
from tests.support.stack import listening

NAMES = tuple(app.name for app in APPS)


@pytest.mark.parametrize("name", NAMES)
def test_a_process_listens_for_its_health_on_loopback_and_nowhere_else(
    runner: Runner, name: str
) -> None:
    ports = listening(runner, name)

    assert [address for address, _ in ports] == ["127.0.0.1"]
    for path in ("live", "ready", "metrics"):
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[0][1]}/{path}", timeout=5) as answer:
            assert answer.status == 200


def test_no_process_shows_a_password_on_its_command_line(runner: Runner) -> None:
    secrets = read_passwords(passfile_of(settings().ledger_dsn)).values()
    assert len(secrets) > len(NAMES)
    for name in (*NAMES, "kafka", "postgres"):
        pid = runner.pids()[name]
        assert pid
        line = " ".join(psutil.Process(pid).cmdline())
        assert not any(secret in line for secret in secrets), name
