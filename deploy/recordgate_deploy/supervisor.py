"""`recordgate up`: supervisord as our child, and everything else as its children.

Start: postgres and kafka, then the apps. Stop: the apps, then kafka, then postgres. What a killed
predecessor left behind is ended first.
"""

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from recordgate_deploy.end_signals import asked_to_end
from recordgate_deploy.leftovers import ORDERLY_STOP_S, SUPERVISORD, end_leftovers
from recordgate_deploy.log_copy import copied
from recordgate_deploy.processes import Group, ProcessCommand
from recordgate_deploy.supervisor_client import Client, socket_for
from recordgate_deploy.supervisor_config import ConfigPaths, render
from recordgate_deploy.targets import settle_metrics_ports, write_targets
from recordgate_runtime.embedded.files import private_folder, write_whole
from recordgate_runtime.embedded.waiting import await_true
from recordgate_schemas.errors import RetryableError, UsageError

_READY_S = 180.0
_LISTEN_S = 30.0
_GLANCE_S = 0.2


class SupervisionLostError(RetryableError):
    """supervisord ended, or a process did not become ready."""


class Supervisor:
    """All processes of one data folder. One at a time: a second one is refused."""

    def __init__(
        self,
        folder: Path,
        commands: Sequence[ProcessCommand],
        env: Mapping[str, str],
        *,
        output: IO[bytes] | None = None,
    ) -> None:
        """Take the complete environment of the processes, and where their log lines go."""
        self._folder = folder.resolve()
        home = private_folder(self._folder / "supervisor")
        self._paths = ConfigPaths(home, socket_for(home))
        self._commands = tuple(commands)
        self._env = dict(env)
        self._output = output or sys.stdout.buffer
        self._held = contextlib.ExitStack()
        self._daemon: subprocess.Popen[bytes] | None = None
        groups = {command.name: command.group.label for command in commands}
        self.client = Client(self._paths.socket, groups)

    def start(self, *, before_apps: Callable[[], None] | None = None) -> None:
        """Start everything; return when the apps have been started.

        `before_apps` is called when the services answer: migrations, topics.
        """
        self._held.enter_context(_only_one(self._paths.home))
        try:
            end_leftovers(self._paths.marks, self._commands)
            self._write_files()
            self._launch()
            self._start_group(Group.POSTGRES, Group.KAFKA)
            if before_apps is not None:
                before_apps()
            self._start_group(Group.APPS)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Wait for SIGINT or SIGTERM, then stop; raise if supervisord ends by itself."""
        with asked_to_end() as asked:
            while not asked.wait(_GLANCE_S):
                if self._daemon is None or self._daemon.poll() is not None:
                    self.stop()
                    raise SupervisionLostError("supervisord has ended; start again")
            self.stop()

    def stop(self) -> None:
        """Stop everything in order, and leave nothing behind. Fine to call twice."""
        if self._daemon is not None:
            self._daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._daemon.wait(ORDERLY_STOP_S)
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None
            end_leftovers(self._paths.marks, self._commands)
        self._held.close()

    def _write_files(self) -> None:
        for mark in private_folder(self._paths.marks).iterdir():
            mark.unlink()
        ports = settle_metrics_ports(self._paths.home, self._commands)
        write_targets(self._folder / "targets.json", ports)
        write_whole(self._paths.config, render(self._paths, self._commands, ports))

    def _launch(self) -> None:
        """Start supervisord; its standard input is its lifeline, its output the log."""
        mark, config = self._paths.marks / SUPERVISORD, self._paths.config
        errors = self._held.enter_context((self._paths.home / "stderr.log").open("wb"))
        self._daemon = subprocess.Popen(  # noqa: S603  our own words and paths
            (sys.executable, "-m", "recordgate_deploy.supervised", str(mark), str(config)),
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for us: we stop it in order
        )
        self._held.enter_context(copied(self._daemon, self._output))
        if not await_true(self._listens, timeout_s=_LISTEN_S):
            raise SupervisionLostError(f"supervisord does not answer; see {self._paths.home}")

    def _listens(self) -> bool:
        if self._daemon is None or self._daemon.poll() is not None:
            raise SupervisionLostError(f"supervisord did not start; see {self._paths.home}")
        return self.client.alive()

    def _start_group(self, *groups: Group) -> None:
        """Start the processes of these groups side by side, then wait for those that can tell."""
        members = [command for command in self._commands if command.group in groups]
        for command in members:
            self.client.start(command.name)
        # A signal between fork and exec is lost on the child: wait until each has begun, or a
        # stop that follows at once would take as long as the patience with a deaf process.
        marks = [self._paths.marks / command.name for command in members]
        await_true(lambda: all(mark.exists() for mark in marks), timeout_s=_LISTEN_S)
        for command in members:
            if command.ready and not await_true(command.ready, timeout_s=_READY_S):
                raise SupervisionLostError(f"{command.name} did not become ready; its log says why")


def end_previous(folder: Path, commands: Sequence[ProcessCommand]) -> None:
    """End what a killed predecessor left on the folder; refuse if `recordgate up` is up on it.

    `start` does so too. Call this first when something must be known before the start that
    survivors would spoil: where the services will listen, for one.
    """
    home = private_folder(folder.resolve() / "supervisor")
    with _only_one(home):
        end_leftovers(ConfigPaths(home, socket_for(home)).marks, commands)


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the data folder; raise when another `recordgate up` does."""
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"Recordgate is already up on {home.parent}") from error
        yield
