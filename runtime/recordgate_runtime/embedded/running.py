"""A service run as our child: started, awaited, stopped. For tests and the demo."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from recordgate_runtime.embedded.account import identity
from recordgate_runtime.embedded.errors import ServiceFailedError
from recordgate_runtime.embedded.service import Service
from recordgate_runtime.embedded.waiting import await_true

START_S = 120.0
STOP_S = 30.0
_TAIL_BYTES = 3000


@dataclass(frozen=True, slots=True)
class Running:
    """A service that is up, and the process that is it."""

    service: Service
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The service's own process id."""
        return self.process.pid

    def stop(self) -> None:
        """Ask the service to end; after a bounded wait, end it."""
        if self.process.poll() is None:
            self.process.send_signal(self.service.stop_signal)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the service at once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def launch(service: Service) -> Running:
    """Start the service as a child, without waiting for it."""
    with service.logs[0].open("ab") as console:
        process = subprocess.Popen(  # noqa: S603  the service's own words
            service.argv,
            cwd=service.cwd,
            env=dict(service.env),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,  # Ctrl-C is ours to handle, then theirs
            **identity(service.account),
        )
    return Running(service, process)


def await_ready(running: Running, timeout_s: float = START_S) -> None:
    """Wait until the service answers; raise with the end of its log if it does not."""
    service = running.service

    def up() -> bool:
        if running.process.poll() is not None:
            raise ServiceFailedError(_failure(service, "ended while starting"))
        return service.ready()

    if not await_true(up, timeout_s=timeout_s):
        raise ServiceFailedError(_failure(service, f"was not ready in {timeout_s:.0f} s"))


@contextlib.contextmanager
def run(*services: Service) -> Iterator[tuple[Running, ...]]:
    """Run the services side by side while the block lasts; stop them in reverse order."""
    with contextlib.ExitStack() as stack:
        running = []
        for service in services:
            running.append(launch(service))
            stack.callback(running[-1].stop)
        for one in running:
            await_ready(one)
        yield tuple(running)


def _failure(service: Service, what: str) -> str:
    """Say what happened, where to look, and what the service said last."""
    said = "\n".join(_tail(service)).strip() or "(it said nothing)"
    return (
        f"{service.name} {what}. Its logs are in {service.logs[0].parent}; the end of them:\n{said}"
    )


def _tail(service: Service) -> Iterator[str]:
    for log in service.logs:
        with contextlib.suppress(FileNotFoundError), log.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - _TAIL_BYTES))
            yield stream.read().decode("utf-8", "replace")
