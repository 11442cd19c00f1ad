"""The process runner: order, restart, and an end of everything whatever is killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from recordgate_deploy import embedded
from recordgate_deploy.demo.steps import run_demo
from recordgate_deploy.pid_files import end_recorded, read_pid_file, write_pid_file
from recordgate_deploy.processes import APPS, ProcessCommand
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_runtime.settings import environment
from recordgate_schemas.errors import RetryableError, UsageError
from tests.support.stand_ins import (
    NAMES,
    SECRET,
    UP,
    apps,
    env,
    log_of,
    nothing_configured,
    services,
    stand_in_argv,
    started_on,
    story,
)

PATIENCE_S = 60.0
OTHERS: set[int] = set()
"""Children this process had before a test: servers that other tests share, and their watchdog."""


@pytest.fixture(autouse=True)
def _know_the_others() -> None:
    OTHERS.clear()
    OTHERS.update(child.pid for child in psutil.Process().children())


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    with log_of(tmp_path) as log, started_on(tmp_path, log) as started:
        yield started


def test_what_was_started_runs_and_stops_without_a_trace(tmp_path: Path) -> None:
    with log_of(tmp_path) as log, started_on(tmp_path, log) as runner:
        family = our_family()
        assert len(family) == len(NAMES) + 1
        assert set(runner.pids()) == set(NAMES)
        assert set(runner.pids().values()) < {process.pid for process in family}
    assert not survivors(family)


def test_services_start_first_and_stop_last(tmp_path: Path) -> None:
    with log_of(tmp_path) as log, Runner(tmp_path, log) as runner:
        runner.start(services(tmp_path), env())
        before_apps = set(story(tmp_path))
        runner.start(apps(tmp_path), env())
        _await(lambda: len(story(tmp_path)) == len(NAMES))
    assert before_apps == {"postgres starts", "kafka starts"}
    assert set(story(tmp_path)[-4:-2]) == {"first ends", "second ends"}
    assert set(story(tmp_path)[-2:]) == {"kafka ends", "postgres ends"}


def test_every_process_knows_its_name_and_prometheus_its_port(
    runner: Runner, tmp_path: Path
) -> None:
    _await(lambda: log_text(tmp_path).count("\n") == len(NAMES))
    targets = json.loads((tmp_path / "targets.json").read_text())
    found = {one["labels"]["process"]: one["targets"][0].split(":") for one in targets}
    ports = {f"{name} on {port}" for name, (host, port) in found.items() if host == "127.0.0.1"}
    lines = set(log_text(tmp_path).splitlines())
    assert ports | {"kafka on no port", "postgres on no port"} == lines
    assert set(found) == {"first", "second"}
    assert len(APPS) == len({one.name for one in APPS})
    assert set(runner.pids()) == set(NAMES)


def test_a_killed_process_comes_back(runner: Runner) -> None:
    for name in NAMES:
        before = _kill(runner, name)
        _await(partial(_has_new_pid, runner, name, before))


def test_the_end_of_a_process_is_logged_with_its_name_and_status(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _kill(runner, "first")
    _await(partial(_has_new_pid, runner, "first", before))
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["code"], line["child"], line["status"]) == ("PROCESS_ENDED", "first", -9)
    assert line["advice"] == "ended by SIGKILL"


def test_a_process_that_keeps_ending_is_tried_again_later_and_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = (sys.executable, "-c", f"open({str(tmp_path / 'story')!r}, 'a').write('tried\\n')")
    with log_of(tmp_path) as log, Runner(tmp_path, log) as runner:
        runner.start([ProcessCommand(name="short", argv=argv)], env())
        _await(lambda: len(story(tmp_path)) >= 4)
    waits = [json.loads(line)["seconds"] for line in capsys.readouterr().err.splitlines()]
    assert 0.5 <= waits[0] <= 1 <= waits[1] <= 2 <= waits[2] <= 4


def test_a_program_that_is_not_there_is_tried_again_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with log_of(tmp_path) as log, Runner(tmp_path, log) as runner:
        runner.start([ProcessCommand(name="none", argv=(str(tmp_path / "none"),))], env())
        ends: list[str] = []

        def tried_twice() -> bool:
            ends.extend(capsys.readouterr().err.splitlines())
            return len(ends) >= 2

        _await(tried_twice)
        assert runner.pids() == {"none": None}


def test_a_stopped_process_stays_down_until_started(runner: Runner) -> None:
    runner.stop_process("first")
    runner.stop_process("first")
    before = _kill(runner, "second")
    _await(partial(_has_new_pid, runner, "second", before))
    assert runner.pids()["first"] is None
    runner.start_process("first")
    first = runner.pids()["first"]
    runner.start_process("first")
    assert first is not None
    assert runner.pids()["first"] == first


def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(tmp_path / 'story')!r}, 'w').write('deaf\\n'); "
        "\nwhile True: signal.pause()"
    )
    deaf = ProcessCommand(
        name="deaf",
        argv=(sys.executable, "-c", code),
        stop_s=0.2,
        ready=lambda: story(tmp_path) == ["deaf"],
    )
    with log_of(tmp_path) as log, Runner(tmp_path, log) as runner:
        runner.start([deaf], env())
        family = our_family()
    assert not survivors(family)


def test_an_unknown_name_is_answered_with_the_known_ones(runner: Runner) -> None:
    with pytest.raises(UsageError, match="first, second"):
        runner.start_process("thrid")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_up_takes_everything_with_it_however_it_ends(
    tmp_path: Path, ending: signal.Signals
) -> None:
    with _up(tmp_path) as (up, family):
        up.send_signal(ending)
        up.wait(PATIENCE_S)
        _await(lambda: not survivors(family))
    assert set(story(tmp_path)[-4:-2]) == {"first ends", "second ends"}
    assert set(story(tmp_path)[-2:]) == {"kafka ends", "postgres ends"}


def test_a_killed_up_takes_a_process_without_pid_file_with_it(tmp_path: Path) -> None:
    with _up(tmp_path) as (up, family):
        (tmp_path / "runner" / "pids" / "first").unlink()
        up.kill()
        up.wait()
        _await(lambda: not survivors(family))


def test_a_killed_watchdog_is_replaced(tmp_path: Path) -> None:
    with _up(tmp_path) as (up, family):
        before = _watchdog(tmp_path)
        before.kill()
        _await(lambda: not survivors([before]) and _watchdog_pid(tmp_path) != before.pid)
        up.kill()
        up.wait()
        _await(lambda: not survivors(family))


def test_orphans_of_a_killed_up_and_watchdog_are_ended_by_the_next_start(tmp_path: Path) -> None:
    with _up(tmp_path) as (up, family):
        watchdog = _watchdog(tmp_path)
        up.send_signal(signal.SIGSTOP)  # so that it does not replace the watchdog
        watchdog.kill()
        up.kill()
        up.wait()
        _await(lambda: not survivors([watchdog]))
        assert len(survivors(family)) == len(NAMES)
        with log_of(tmp_path) as log, started_on(tmp_path, log) as runner:
            assert not survivors(family)
            assert not set(runner.pids().values()) & {process.pid for process in family}


def test_a_start_waits_for_the_watchdog_of_a_killed_predecessor(tmp_path: Path) -> None:
    with _up(tmp_path) as (up, family):
        up.kill()
        up.wait()
        with log_of(tmp_path) as log, started_on(tmp_path, log):
            assert not survivors(family)
            assert len(our_family()) == len(NAMES) + 1


def test_a_pid_file_whose_pid_now_belongs_to_somebody_else_is_not_followed(tmp_path: Path) -> None:
    pid_file = tmp_path / "runner" / "pids" / "first"
    pid_file.parent.mkdir(parents=True)
    with _bystander() as bystander:
        write_pid_file(pid_file, bystander.pid)
        record = json.loads(pid_file.read_text())
        pid_file.write_text(json.dumps({**record, "started": record["started"] - 3600}))
        with log_of(tmp_path) as log, started_on(tmp_path, log):
            pass
        assert bystander.poll() is None


def test_a_second_runner_on_the_same_folder_is_refused(runner: Runner, tmp_path: Path) -> None:
    before = runner.pids()
    with (
        log_of(tmp_path) as log,
        pytest.raises(UsageError, match="already up"),
        Runner(tmp_path, log),
    ):
        pass
    assert runner.pids() == before


def test_a_demo_does_not_empty_the_folder_of_one_that_is_running(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_configured(monkeypatch)
    before = runner.pids()
    with pytest.raises(UsageError, match="already up"):
        run_demo(tmp_path, None)
    assert story(tmp_path)
    assert runner.pids() == before


def test_a_service_that_never_answers_stops_the_start(tmp_path: Path) -> None:
    argv = stand_in_argv(tmp_path)
    mute = ProcessCommand(name="kafka", argv=argv, ready=lambda: False, ready_s=0)
    with (
        log_of(tmp_path) as log,
        pytest.raises(RetryableError, match="kafka did not become ready"),
        Runner(tmp_path, log) as runner,
    ):
        runner.start([mute], env())
    assert not our_family()


def test_no_secret_is_on_disk_or_in_a_command_line(runner: Runner, tmp_path: Path) -> None:
    processes = [psutil.Process(pid) for pid in runner.pids().values() if pid is not None]
    assert not [process for process in our_family() if SECRET in " ".join(process.cmdline())]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if SECRET in path.read_text(errors="replace")]
    assert all(SECRET in process.environ()["RECORDGATE_LEDGER_DSN"] for process in processes)


def test_the_real_services_come_back_where_they_were(tmp_path: Path) -> None:
    with log_of(tmp_path) as log, Runner(tmp_path, log) as runner:
        commands = embedded.prepare(tmp_path)
        before = embedded.addresses(tmp_path)
        runner.start(commands, environment())
        embedded.create_logins(tmp_path)
        for command in commands:
            assert command.ready is not None
            pid = _kill(runner, command.name)
            _await(partial(_has_new_pid, runner, command.name, pid))
            _await(command.ready)
        family = our_family()
    assert before == embedded.addresses(tmp_path)
    assert not survivors(family)


def log_text(folder: Path) -> str:
    return (folder / "processes.log").read_text()


def our_family() -> list[psutil.Process]:
    """The children this test has started, and all theirs."""
    children = [child for child in psutil.Process().children() if child.pid not in OTHERS]
    return [*children, *(one for child in children for one in child.children(recursive=True))]


def survivors(family: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in family if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def _up(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[psutil.Process]]]:
    """Run the stand-ins from a process of their own, as `recordgate up` does; yield it and its children."""
    command = [sys.executable, "-c", textwrap.dedent(UP), str(folder)]
    up = subprocess.Popen(command, env=env(), stdout=subprocess.PIPE)
    try:
        assert up.stdout is not None
        assert any(line == b"up\n" for line in up.stdout)
        family = psutil.Process(up.pid).children(recursive=True)
        assert len(family) == len(NAMES) + 1
        yield up, family
    finally:
        up.kill()
        up.wait()
        assert up.stdout is not None
        up.stdout.close()
        end_recorded((folder / "runner" / "pids").iterdir())  # also when the test failed


def _watchdog_pid(folder: Path) -> int:
    record = read_pid_file(folder / "runner" / "watchdog.pid")
    assert record is not None
    return record.pid


def _watchdog(folder: Path) -> psutil.Process:
    return psutil.Process(_watchdog_pid(folder))


def _kill(runner: Runner, name: str) -> int:
    pid = runner.pids()[name]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def _has_new_pid(runner: Runner, name: str, before: int) -> bool:
    return runner.pids()[name] not in {None, before}


@contextlib.contextmanager
def _bystander() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _await(condition: Callable[[], bool]) -> None:
    assert await_true(condition, timeout_s=PATIENCE_S)
