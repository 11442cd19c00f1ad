"""`recordgate up`'s process runner, with stand-in processes that only live, tell and die."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from recordgate_deploy.backing import backing_services
from recordgate_deploy.marks import leave_mark, lives
from recordgate_deploy.processes import APPS, Group, ProcessCommand
from recordgate_deploy.supervisor import SupervisionLostError, Supervisor, end_previous
from recordgate_deploy.supervisor_client import State
from recordgate_runtime import embedded
from recordgate_runtime.embedded.waiting import await_true
from recordgate_runtime.settings import environment
from recordgate_schemas.errors import UsageError

PATIENCE_S = 60.0
SECRET = "not-in-any-command-line"  # noqa: S105
NAMES = ("postgres", "kafka", "first", "second")

# Says its name when it starts and when it is asked to end.
STAND_IN = """
    import os, signal, sys
    name, story = os.environ["RECORDGATE_PROCESS"], sys.argv[1]
    def tell(what):
        with open(story, "a") as out:
            out.write(f"{name} {what}\\n")
    def end(*_):
        tell("ends")
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    tell("starts")
    print(name, "on", os.environ.get("RECORDGATE_METRICS_PORT", "no port"), flush=True)
    while True:
        signal.pause()
"""

UP = """
    import sys
    from pathlib import Path
    from tests.integration.test_supervisor import supervisor_of
    supervisor = supervisor_of(Path(sys.argv[1]))
    supervisor.start()
    print("up", flush=True)
    supervisor.wait()
"""


class Output(io.BytesIO):
    """What the processes have printed; readable after the stop as well."""


OTHERS: set[int] = set()
"""Children this process had before a test: servers that other tests share."""


@pytest.fixture(autouse=True)
def _know_the_others() -> None:
    OTHERS.clear()
    OTHERS.update(child.pid for child in psutil.Process().children())


def our_children() -> list[psutil.Process]:
    """The children this test has started."""
    return [child for child in psutil.Process().children() if child.pid not in OTHERS]


def our_family() -> list[psutil.Process]:
    """Those children and all theirs."""
    children = our_children()
    return [*children, *(one for child in children for one in child.children(recursive=True))]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = supervisor_of(tmp_path)
    yield made
    made.stop()


def test_what_was_started_runs_and_stops_without_a_trace(supervisor: Supervisor) -> None:
    supervisor.start()
    _await(lambda: _all_are(supervisor, State.RUNNING))
    family = our_family()
    assert len(NAMES) + 1 == len(family)
    supervisor.stop()
    assert not [process for process in family if lives(process)]
    assert not supervisor.client.alive()


def test_services_start_first_and_stop_last(supervisor: Supervisor, tmp_path: Path) -> None:
    seen: list[set[str]] = []
    supervisor.start(before_apps=lambda: seen.append(set(_story(tmp_path))))
    _await(lambda: len(_story(tmp_path)) == len(NAMES))
    supervisor.stop()
    story = _story(tmp_path)
    assert [{"postgres starts", "kafka starts"}] == seen
    assert {"first ends", "second ends"} == set(story[-4:-2])
    assert story[-2:] == ["kafka ends", "postgres ends"]


def test_every_process_is_told_who_it_is_and_prometheus_where(tmp_path: Path) -> None:
    output = Output()
    supervisor = supervisor_of(tmp_path, output)
    supervisor.start()
    _await(lambda: output.getvalue().count(b"\n") == len(NAMES))
    supervisor.stop()
    targets = json.loads((tmp_path / "targets.json").read_text())
    told = {one["labels"]["process"]: one["targets"][0].split(":") for one in targets}
    lines = set(output.getvalue().decode().splitlines())
    ports = {f"{name} on {port}" for name, (host, port) in told.items() if host == "127.0.0.1"}
    assert ports | {"kafka on no port", "postgres on no port"} == lines
    assert len(APPS) == len({one.name for one in APPS})


def test_a_killed_process_comes_back(supervisor: Supervisor) -> None:
    supervisor.start()
    for name in NAMES:
        before = _kill(supervisor, name)
        _await(partial(_has_new_pid, supervisor, name, before))


def test_a_process_that_keeps_ending_is_tried_again_and_again(tmp_path: Path) -> None:
    story = tmp_path / "story"
    argv = (sys.executable, "-c", f"open({str(story)!r}, 'a').write('tried\\n')")
    command = ProcessCommand(name="short", argv=argv)
    supervisor = Supervisor(tmp_path, [command], _env(), output=Output())
    supervisor.start()
    _await(lambda: len(_story(tmp_path)) >= 3)
    states = supervisor.client.states()
    supervisor.stop()
    assert states["short"] is not State.FATAL


def test_a_stopped_process_stays_down_until_started(supervisor: Supervisor) -> None:
    supervisor.start()
    supervisor.client.stop("first")
    supervisor.client.stop("first")
    assert (
        supervisor.client.states()["first"],
        supervisor.client.pid("first"),
    ) == (State.STOPPED, None)
    supervisor.client.start("first")
    supervisor.client.start("first")
    _await(lambda: supervisor.client.states()["first"] is State.RUNNING)


def test_an_unknown_name_is_answered_with_the_known_ones(supervisor: Supervisor) -> None:
    with pytest.raises(UsageError, match="first, second"):
        supervisor.client.start("thrid")


def test_survivors_of_a_killed_supervisord_are_ended_by_the_next_start(tmp_path: Path) -> None:
    lost, found = supervisor_of(tmp_path), supervisor_of(tmp_path)
    lost.start()
    _await(lambda: _all_are(lost, State.RUNNING))
    family = _kill_supervisord()
    with pytest.raises(UsageError, match="already up"):
        found.start()  # the first one still holds the folder
    assert lost._daemon is not None
    lost._daemon.wait()
    lost._daemon = None  # as if the process that held it had died as well
    lost._held.close()
    assert len(NAMES) == len([process for process in family if lives(process)])
    found.start()
    assert not [process for process in family if lives(process)]
    assert found.client.pid("first") not in {process.pid for process in family}
    found.stop()


def test_survivors_can_be_ended_before_the_addresses_are_settled(tmp_path: Path) -> None:
    lost = supervisor_of(tmp_path)
    lost.start()
    family = our_family()
    with pytest.raises(UsageError, match="already up"):
        end_previous(tmp_path, lost._commands)
    lost._held.close()  # as if the process that held it had died: its lifeline ends as well
    end_previous(tmp_path, lost._commands)
    assert not [process for process in family if lives(process)]
    lost.stop()


def test_the_loss_of_supervisord_ends_everything_and_is_told(supervisor: Supervisor) -> None:
    supervisor.start()
    _await(lambda: _all_are(supervisor, State.RUNNING))
    family = _kill_supervisord()
    with pytest.raises(SupervisionLostError):
        supervisor.wait()
    assert not [process for process in family if lives(process)]


def test_a_mark_of_a_pid_that_is_now_somebody_elses_is_not_followed(tmp_path: Path) -> None:
    supervisor = supervisor_of(tmp_path)
    with _bystander() as bystander:
        mark = tmp_path / "supervisor" / "marks" / "first"
        mark.parent.mkdir()
        leave_mark(mark)
        started = json.loads(mark.read_text())["started"] - 3600
        mark.write_text(json.dumps({"pid": bystander.pid, "started": started}))
        supervisor.start()
        supervisor.stop()
        assert bystander.poll() is None


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_up_takes_everything_with_it_however_it_ends(
    tmp_path: Path, ending: signal.Signals
) -> None:
    up = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(UP), str(tmp_path)],
        env=_env(),
        stdout=subprocess.PIPE,
    )
    assert up.stdout is not None
    assert any(line == b"up\n" for line in up.stdout)
    family = psutil.Process(up.pid).children(recursive=True)
    assert len(NAMES) + 1 == len(family)
    up.send_signal(ending)
    up.wait(PATIENCE_S)
    up.stdout.close()
    _await(lambda: not [process for process in family if lives(process)])
    assert _story(tmp_path)[-2:] == ["kafka ends", "postgres ends"]


def test_a_second_up_on_the_same_folder_is_refused(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start()
    with pytest.raises(UsageError, match="already up"):
        supervisor_of(tmp_path).start()
    assert supervisor.client.alive()


def test_a_folder_too_deep_for_a_socket_works(tmp_path: Path) -> None:
    supervisor = supervisor_of(tmp_path / ("deep" * 30))
    supervisor.start()
    assert supervisor.client.alive()
    supervisor.stop()


def test_a_service_that_never_answers_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recordgate_deploy.supervisor._READY_S", 0.0)
    mute = ProcessCommand(
        name="kafka", argv=_argv(tmp_path), group=Group.KAFKA, ready=lambda: False
    )
    supervisor = Supervisor(tmp_path, [mute], _env(), output=Output())
    with pytest.raises(SupervisionLostError, match="kafka did not become ready"):
        supervisor.start()
    assert not our_family()


def test_no_secret_is_on_disk_or_in_a_command_line(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start()
    family = our_family()
    assert not [process for process in family if SECRET in " ".join(process.cmdline())]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if SECRET in path.read_text(errors="replace")]
    assert all(SECRET in process.environ()["RECORDGATE_LEDGER_DSN"] for process in family)


def test_supervisord_has_no_complaint(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start()
    supervisor.stop()
    log = (tmp_path / "supervisor" / "supervisord.log").read_text()
    assert "root" not in log.replace(str(tmp_path), "")
    assert not (tmp_path / "supervisor" / "stderr.log").read_text()


def test_the_real_services_come_back_where_they_were(tmp_path: Path) -> None:
    before = embedded.settle_addresses(tmp_path)
    commands = [_really(tmp_path, command) for command in backing_services(tmp_path)]
    env = {**environment(), **_env()}  # where the user keeps jars, and how the network is reached
    supervisor = Supervisor(tmp_path, commands, env, output=Output())
    supervisor.start(before_apps=lambda: embedded.create_databases(tmp_path))
    for command in commands:
        assert command.ready is not None
        _kill(supervisor, command.name)
        _await(lambda: command.ready is None or not command.ready())  # noqa: B023
        _await(command.ready)
    family = our_family()
    supervisor.stop()
    assert before == embedded.addresses(tmp_path)
    assert not [process for process in family if lives(process)]


def _really(folder: Path, command: ProcessCommand) -> ProcessCommand:
    """Return the command with a program that needs no `recordgate` and no settings."""
    package = "recordgate_runtime.embedded"
    program = (
        f"from pathlib import Path; from {package} import become, {command.name} as service; "
        f"become(service.prepare(Path({str(folder)!r}), keep_address=True))"
    )
    return replace(command, argv=(sys.executable, "-c", program))


def supervisor_of(folder: Path, output: Output | None = None) -> Supervisor:
    """Return a supervisor of two stand-in services and two stand-in apps."""
    folder.mkdir(exist_ok=True)
    argv = _argv(folder)
    commands = [
        ProcessCommand(name="first", argv=argv),
        ProcessCommand(name="second", argv=argv),
        _service(folder, "kafka", Group.KAFKA, signal.SIGTERM),
        _service(folder, "postgres", Group.POSTGRES, signal.SIGINT),
    ]
    return Supervisor(folder, commands, _env(), output=output or Output())


def _service(folder: Path, name: str, group: Group, stop: signal.Signals) -> ProcessCommand:
    return ProcessCommand(
        name=name,
        argv=_argv(folder),
        group=group,
        stop_signal=stop,
        ready=lambda: f"{name} starts" in _story(folder),
    )


def _argv(folder: Path) -> tuple[str, ...]:
    script = folder / "stand_in.py"
    script.write_text(textwrap.dedent(STAND_IN))
    return (sys.executable, str(script), str(folder / "story"))


def _env() -> Mapping[str, str]:
    path = os.pathsep.join(sys.path)
    return {"PATH": os.defpath, "PYTHONPATH": path, "RECORDGATE_LEDGER_DSN": f"x:{SECRET}@y"}


def _story(folder: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return (folder / "story").read_text().splitlines()
    return []


def _all_are(supervisor: Supervisor, state: State) -> bool:
    return set(supervisor.client.states().values()) == {state}


def _kill(supervisor: Supervisor, name: str) -> int:
    _await(lambda: supervisor.client.states()[name] is State.RUNNING)
    pid = supervisor.client.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def _has_new_pid(supervisor: Supervisor, name: str, before: int) -> bool:
    return supervisor.client.pid(name) not in {None, before}


def _kill_supervisord() -> list[psutil.Process]:
    """Kill our only child, supervisord; return the children it had."""
    (daemon,) = our_children()
    family = daemon.children(recursive=True)
    daemon.kill()
    return family


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
