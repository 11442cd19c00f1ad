"""CPU seconds of each process of the system, PostgreSQL's backends together."""

import psutil

from benchmarks.numbers import Numbers
from recordgate_deploy.runner import Runner

SERVERS = frozenset({"kafka", "postgres"})
"""What the processes use and is not Recordgate."""


def cpu_seconds(runner: Runner) -> Numbers:
    """Return user and system seconds so far, by process; only what is running."""
    return {name: _spent(pid) for name, pid in runner.pids().items() if pid is not None}


def _spent(pid: int) -> float:
    process = psutil.Process(pid)
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(map(_own, process.children(recursive=True)))


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def us_each(before: Numbers, after: Numbers, count: int) -> Numbers:
    """Return CPU microseconds per thing done, by process and together."""
    spent = {name: us * 1e6 / count for name, us in _spent_between(before, after).items()}
    each = {f"cpu_us_{name}": round(us, 1) for name, us in spent.items()}
    return each | {"cpu_us_together": round(sum(spent.values()), 1)}


def core_percent(before: Numbers, after: Numbers, seconds: float) -> Numbers:
    """Return how much of a core each process used; `ours`: Recordgate's own, without broker and databases."""
    used = {name: spent / seconds * 100 for name, spent in _spent_between(before, after).items()}
    each = {f"core_percent_{name}": round(percent, 2) for name, percent in used.items()}
    ours = sum(percent for name, percent in used.items() if name not in SERVERS)
    return each | {"core_percent_ours": round(ours, 2)}


def _spent_between(before: Numbers, after: Numbers) -> Numbers:
    return {name: after[name] - before.get(name, 0.0) for name in sorted(after)}
