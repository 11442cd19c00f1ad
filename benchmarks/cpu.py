"""CPU seconds of each process of the system, PostgreSQL's backends together."""

import psutil

from benchmarks.numbers import Numbers
from recordgate_deploy.runner import Runner


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
    spent = {name: (after[name] - before.get(name, 0.0)) * 1e6 / count for name in sorted(after)}
    each = {f"cpu_us_each_{name}": round(us, 1) for name, us in spent.items()}
    return each | {"cpu_us_each_together": round(sum(spent.values()), 1)}
