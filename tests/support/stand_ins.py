"""Processes for the process runner that only start, write what happens to them, and end."""

import contextlib
import os
import signal
import sys
import textwrap
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from recordgate_deploy.processes import ProcessCommand
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_runtime.settings import settings

SECRET = "not-in-any-command-line"  # noqa: S105
NAMES = ("postgres", "kafka", "first", "second")

# Writes its name when it starts and when it is asked to end.
STAND_IN = """
    import os, signal, sys
    name, story = os.environ["RECORDGATE_PROCESS"], sys.argv[1]
    def write(what):
        with open(story, "a") as out:
            out.write(f"{name} {what}\\n")
    def end(*_):
        write("ends")
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    write("starts")
    print(name, "on", os.environ.get("RECORDGATE_METRICS_PORT", "no port"), flush=True)
    while True:
        signal.pause()
"""

UP = """
    import sys
    from pathlib import Path
    from tests.support.stand_ins import log_of, started_on
    folder = Path(sys.argv[1])
    with log_of(folder) as log, started_on(folder, log) as runner:
        print("up", flush=True)
        runner.wait()
"""


def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no address of a server be configured in this process."""
    for name in ("KAFKA", "LEDGER_DSN", "VIEW_DSN", "REVIEW_DSN"):
        monkeypatch.delenv(f"RECORDGATE_{name}", raising=False)
    settings.cache_clear()


@contextlib.contextmanager
def started_on(folder: Path, log: IO[bytes]) -> Iterator[Runner]:
    """Run two stand-in services and two stand-in apps, all of them past their start."""
    with Runner(folder, log) as runner:
        runner.start(services(folder), env())
        runner.start(apps(folder), env())
        starts = [f"{name} starts" for name in NAMES]
        assert await_true(lambda: set(starts) <= set(story(folder)), timeout_s=60)
        yield runner


def services(folder: Path) -> list[ProcessCommand]:
    signals = {"kafka": signal.SIGTERM, "postgres": signal.SIGINT}
    return [
        ProcessCommand(
            name=name,
            argv=stand_in_argv(folder),
            stop_signal=stop,
            ready=partial(_is_in_story, folder, f"{name} starts"),
        )
        for name, stop in signals.items()
    ]


def apps(folder: Path) -> list[ProcessCommand]:
    return [
        ProcessCommand(name=name, argv=stand_in_argv(folder), serves_metrics=True)
        for name in ("first", "second")
    ]


def log_of(folder: Path) -> IO[bytes]:
    return (folder / "processes.log").open("ab")


def _is_in_story(folder: Path, line: str) -> bool:
    return line in story(folder)


def stand_in_argv(folder: Path) -> tuple[str, ...]:
    script = folder / "stand_in.py"
    if not script.exists():  # not while a process is reading it
        script.write_text(textwrap.dedent(STAND_IN))
    return (sys.executable, str(script), str(folder / "story"))


def env() -> Mapping[str, str]:
    path = os.pathsep.join(sys.path)
    return {
        "PATH": os.defpath,
        "PYTHONPATH": path,
        "RECORDGATE_LEDGER_DSN": f"postgresql://x:{SECRET}@y/z",
    }


def story(folder: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return (folder / "story").read_text().splitlines()
    return []
