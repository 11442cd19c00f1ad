"""The processes that `recordgate up` keeps running, as data."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCommand:
    """One process: what to run, how to see that it is ready and how to end it, and how many seconds each may take."""

    name: str
    argv: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 20.0
    ready: Callable[[], bool] | None = None
    ready_s: float = 180.0
    serves_metrics: bool = False


def recordgate_argv(*arguments: str) -> tuple[str, ...]:
    """Return the command line of `recordgate <arguments>` under this Python, whatever the PATH says."""
    return (sys.executable, "-m", "recordgate_deploy", *arguments)


def _app(name: str, *arguments: str) -> ProcessCommand:
    return ProcessCommand(name=name, argv=recordgate_argv(*arguments), serves_metrics=True)


APPS: tuple[ProcessCommand, ...] = (
    _app("decide-entries", "decide", "--lane", "entries"),
    _app("decide-controls", "decide", "--lane", "controls"),
    _app("view-sink", "view-sink"),
    _app("gate-lane", "gate-lane"),
    _app("review-sink", "review-sink"),
)
