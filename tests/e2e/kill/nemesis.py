"""Kills processes with SIGKILL while work is under way: each time the ledger has moved on by a random amount."""

import contextlib
import os
import random
import signal
import threading

import psycopg

from recordgate_deploy.runner import Runner
from recordgate_schemas.errors import RecordgateError

TARGETS = (
    "decide-entries",
    "decide-controls",
    "view-sink",
    "gate-lane",
    "review-sink",
    "kafka",
    "postgres",
)


class Nemesis(threading.Thread):
    """Kills until it is told to stop. `kills` says whom, in order."""

    def __init__(self, runner: Runner, ledger_dsn: str, seed: int, least_work: int) -> None:
        super().__init__(daemon=True, name="nemesis")
        self.kills: list[str] = []
        self._runner = runner
        self._dsn = ledger_dsn
        self._dice = random.Random(seed)
        self._least_work = least_work
        self._done = threading.Event()

    def run(self) -> None:
        """Kill every target once in a random order, then at random."""
        order = self._dice.sample(TARGETS, len(TARGETS))
        while self._moved_on():
            target = order.pop() if order else self._dice.choice(TARGETS)
            if self._kill(target):
                self.kills.append(target)

    def stop(self) -> None:
        """Kill no more; return when the last kill is done."""
        self._done.set()
        self.join()

    def _moved_on(self) -> bool:
        """Wait until the ledger has moved on, so that each fault meets live traffic; False when told to stop."""
        wanted = self._position() + self._dice.randint(self._least_work, 3 * self._least_work)
        while self._position() < wanted:
            if self._done.wait(0.05):
                return False
        return True

    def _position(self) -> int:
        """Return how many records the ledger has taken in; -1 while it is down."""
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self._dsn, connect_timeout=2) as connection,
        ):
            row = connection.execute("select sum(next_offset) from source_position").fetchone()
            return int(row[0]) if row and row[0] is not None else 0
        return -1

    def _kill(self, target: str) -> bool:
        with contextlib.suppress(RecordgateError, ProcessLookupError):
            pid = self._runner.pids()[target]
            if pid:
                os.kill(pid, signal.SIGKILL)
                return True
        return False
