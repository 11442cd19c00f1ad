"""The process runner: starts processes in order, restarts what ends, stops them in reverse order.

It lives in the process of `recordgate up`, with a thread that looks after the children. If that process is killed, the
watchdog stops the children in the same order. If the watchdog is killed as well, the next runner on the folder does.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from recordgate_deploy.backoff import Backoff, reason
from recordgate_deploy.files import private_folder, write_atomically
from recordgate_deploy.pid_files import end_recorded, read_pid_file, write_pid_file
from recordgate_deploy.ports import LOOPBACK, settle_ports
from recordgate_deploy.processes import ProcessCommand
from recordgate_deploy.waiting import await_true
from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.errors import RetryableError, UsageError

_LOOK_S = 0.1
# Longer than all stages together may take to stop.
_PREDECESSOR_S = 100.0


class _Child:
    """One process that is kept running while it is wanted. Not thread-safe: the runner's lock guards it."""

    def __init__(
        self, command: ProcessCommand, pid_file: Path, stage: int, options: Mapping[str, Any]
    ) -> None:
        self.pid_file = pid_file
        self.wanted = True
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self._stage = stage
        self._options = options
        self._backoff = Backoff()
        self._started = self._due = 0.0

    def want(self) -> None:
        """Let it run, at once: who asks for it waits for no pause after an end."""
        self.wanted, self._due = True, 0.0

    def look_after(self, process_group: int) -> None:
        """Notice that the process has ended; start it when it is wanted and due."""
        if self.process is not None and self.process.poll() is not None:
            self._note_end(self.process.returncode)
        if self.wanted and self.process is None and time.monotonic() >= self._due:
            try:
                self._launch(process_group)
            except OSError:
                self._note_end(os.EX_OSERR)

    def pid(self) -> int | None:
        """Return the pid, or None while the process is not running."""
        if self.process is None or self.process.poll() is not None:
            return None
        return self.process.pid

    def _launch(self, process_group: int) -> None:
        self._started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603  our own commands
            self._command.argv, process_group=process_group, umask=0o077, **self._options
        )
        try:
            write_pid_file(
                self.pid_file,
                process.pid,
                stage=self._stage,
                stop_signal=self._command.stop_signal,
                stop_s=self._command.stop_s,
            )
        except OSError:
            process.kill()
            process.wait()
            raise
        self.process = process

    def _note_end(self, status: int) -> None:
        self.process = None
        wait_s = self._backoff.wait_after(status, time.monotonic() - self._started)
        self._due = time.monotonic() + wait_s
        if self.wanted:
            log(
                LogCode.PROCESS_ENDED,
                child=self._command.name,
                status=status,
                seconds=round(wait_s, 1),
                advice=reason(status),
            )


class Runner:
    """All processes of one data folder; a context manager. A second runner on the folder is refused.

    `output` gets what the processes print; by default it is this process's standard output.
    """

    def __init__(self, folder: Path, output: IO[bytes] | None = None) -> None:
        self._folder = folder.resolve()
        self._home = private_folder(self._folder / "runner")
        self._pids = private_folder(self._home / "pids")
        self._output = output or sys.stdout.buffer
        self._children: dict[str, _Child] = {}
        self._ports: dict[str, int] = {}
        self._stages = 0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_after_all, name="runner", daemon=True)
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Take the folder, and end what a dead predecessor left on it.

        Raises UsageError when another runner is up on the folder.
        """
        lock = self._held.enter_context((self._home / "lock").open("a"))
        try:
            self._take(lock)
            end_recorded(self._pids.iterdir())
        except BaseException:
            self._held.close()
            raise
        read_end, self._write_end = os.pipe()
        self._held.callback(os.close, read_end)
        argv = (sys.executable, "-m", "recordgate_deploy.watchdog", str(self._pids))
        options = {"stdin": read_end, "pass_fds": (lock.fileno(),)}
        command = ProcessCommand(name="watchdog", argv=argv)
        self._watchdog = _Child(command, self._home / "watchdog.pid", 0, options)
        self._watchdog.look_after(0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all processes, the last started first."""
        self._ending.set()
        self._thread.join()
        end_recorded(child.pid_file for child in self._children.values())
        os.close(self._write_end)
        for child in (*self._children.values(), self._watchdog):
            if child.process is not None:
                child.process.wait()
        self._held.close()

    def start(self, commands: Sequence[ProcessCommand], env: Mapping[str, str]) -> None:
        """Start the processes side by side, with `env` as their whole environment, and wait until they are ready.

        They will stop before those started earlier. Raises RetryableError when one is not ready in time.
        """
        self._settle_ports([command.name for command in commands if command.serves_metrics])
        with self._lock:
            self._stages += 1
            for command in commands:
                self._children[command.name] = self._child(command, env)
        self._look_after_each()
        for command in commands:
            if command.ready and not await_true(command.ready, timeout_s=command.ready_s):
                raise RetryableError(f"{command.name} did not become ready; its log says why")

    def wait(self) -> None:
        """Wait for SIGINT or SIGTERM; from the first call on, further ones do not interrupt the stop."""
        asked = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked.set())
        while not asked.wait(_LOOK_S):
            if not self._thread.is_alive():
                raise RetryableError("the process runner has failed; start again")

    def pids(self) -> dict[str, int | None]:
        """Return the pid of every process; None while it is not running."""
        with self._lock:
            return {name: child.pid() for name, child in self._children.items()}

    def stop_process(self, name: str) -> None:
        """End one process and wait until it has; it stays down until it is started again."""
        with self._lock:
            self._named(name).wanted = False
        end_recorded([self._named(name).pid_file])

    def start_process(self, name: str) -> None:
        """Start a process that was stopped. Nothing happens when it is running."""
        with self._lock:
            self._named(name).want()
        self._look_after_each()

    def _named(self, name: str) -> _Child:
        if name not in self._children:
            raise UsageError(f"no such process: {name}; there are {', '.join(self._children)}")
        return self._children[name]

    def _take(self, lock: IO[str]) -> None:
        """Lock the folder. The watchdog holds the lock too, so a dying predecessor is waited for."""
        runner_pid = self._home / "runner.pid"

        def taken() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                holder = read_pid_file(runner_pid)
                if holder is not None and holder.process() is not None:
                    raise UsageError(f"Recordgate is already up on {self._folder}") from error
                return False
            return True

        if not await_true(taken, timeout_s=_PREDECESSOR_S):
            raise RetryableError(
                f"processes of a killed `recordgate up` still run, see {self._home}"
            )
        write_pid_file(runner_pid, os.getpid())

    def _child(self, command: ProcessCommand, env: Mapping[str, str]) -> _Child:
        own = {"RECORDGATE_PROCESS": command.name}
        if command.name in self._ports:
            own["RECORDGATE_METRICS_PORT"] = str(self._ports[command.name])
        options = {
            "env": {**env, **own},
            "stdin": subprocess.DEVNULL,
            "stdout": self._output,
            "stderr": subprocess.STDOUT,
        }
        return _Child(command, self._pids / command.name, self._stages, options)

    def _look_after_all(self) -> None:
        while not self._ending.wait(_LOOK_S):
            self._look_after_each()

    def _look_after_each(self) -> None:
        with self._lock:
            self._watchdog.look_after(0)
            group = self._watchdog.pid() or 0
            for child in self._children.values():
                child.look_after(group)

    def _settle_ports(self, names: Sequence[str]) -> None:
        """Choose the metrics ports, and write them for Prometheus' file-based service discovery."""
        memory = private_folder(self._home / "ports")
        chosen = settle_ports(*(memory / name for name in names))
        self._ports.update(zip(names, chosen, strict=True))
        targets = [
            {"targets": [f"{LOOPBACK}:{port}"], "labels": {"process": name}}
            for name, port in self._ports.items()
        ]
        write_atomically(self._folder / "targets.json", json.dumps(targets, indent=2) + "\n")
