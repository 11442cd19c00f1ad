"""Kafka or PostgreSQL is down when processes start: they wait and say so once, and are not started again and again."""

import json
from collections import Counter
from pathlib import Path

import pytest

from recordgate_deploy.processes import APPS
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from tests.support.stack import is_ready, running_stack

NAMES = tuple(app.name for app in APPS)


def said(log: Path, code: str) -> Counter[str]:
    """Return how often each process wrote a code, over the lines that are whole."""
    lines = [line for line in log.read_text().splitlines() if f'"{code}"' in line]
    return Counter(json.loads(line)["process"] for line in lines)


def all_ready(runner: Runner) -> bool:
    return all(is_ready(runner, name) for name in NAMES)


@pytest.mark.parametrize("server", ["kafka", "postgres"])
def test_processes_that_start_before_a_server_wait_for_it_and_are_not_started_again(
    tmp_path: Path, server: str, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "processes.log"
    with running_stack(tmp_path) as runner:
        for name in (*NAMES, server):
            runner.stop_process(name)
        before = said(log, "WAITING")
        capfd.readouterr()
        for name in NAMES:
            runner.start_process(name)
        assert await_true(lambda: len(said(log, "WAITING")) == len(NAMES), timeout_s=120)
        started = {name: runner.pids()[name] for name in NAMES}
        runner.start_process(server)
        assert await_true(lambda: all_ready(runner), timeout_s=180)
        assert {name: runner.pids()[name] for name in NAMES} == started
        waited = said(log, "WAITING") - before
        answered = said(log, "ANSWERED")
    ended = [line for line in capfd.readouterr().err.splitlines() if "PROCESS_ENDED" in line]
    assert (ended, waited, answered) == ([], Counter(NAMES), Counter(NAMES))
