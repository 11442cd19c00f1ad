"""The processes that `recordgate up` keeps running, as data."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Group(IntEnum):
    """What is started and stopped together; the number is the place in the order of starting."""

    POSTGRES = 100
    KAFKA = 200
    APPS = 300

    @property
    def label(self) -> str:
        """The group's name in lower case, as supervisord and people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCommand:
    """One process: what to run, with whom it starts, how it is asked to end."""

    name: str
    argv: tuple[str, ...]
    group: Group = Group.APPS
    stop_signal: signal.Signals = signal.SIGTERM
    ready: Callable[[], bool] | None = None


def recordgate(name: str, *arguments: str) -> ProcessCommand:
    """Return the app that runs `recordgate <arguments>` under this Python."""
    return ProcessCommand(name=name, argv=recordgate_argv(*arguments))


def recordgate_argv(*arguments: str) -> tuple[str, ...]:
    """Return the command line of `recordgate <arguments>`, whatever the PATH says."""
    return (sys.executable, "-m", "recordgate_deploy", *arguments)


APPS: tuple[ProcessCommand, ...] = (
    recordgate("decide-entries", "decide", "--lane", "entries"),
    recordgate("decide-controls", "decide", "--lane", "controls"),
    recordgate("view-sink", "view-sink"),
    recordgate("gate-lane", "gate-lane"),
    recordgate("review-sink", "review-sink"),
)
