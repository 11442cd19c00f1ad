"""The running system as a question uses it: its own servers in a temporary folder, gone afterwards."""

import contextlib
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from benchmarks.scrape import address
from recordgate_deploy.processes import APPS, ProcessCommand
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_deploy.stack import running
from recordgate_producers.publisher import Publisher
from recordgate_producers.simulator import SimulatedPatient
from recordgate_runtime.kafka_access import access
from recordgate_runtime.settings import Settings, environment, settings

ENGINES = ("bulk", "faust")
ENTRIES_EACH = 20
PATIENCE_S = 240.0
LEAVE_S = 12.0
"""An engine that stopped stays in the consumer group for ten seconds; so long the other one is not let in (ADR 21)."""

_PLANS = "-c plan_cache_mode=force_custom_plan"  # as the processes have it


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All processes up, a publisher, and connections that may read everything."""

    home: Path
    settings: Settings
    runner: Runner
    publisher: Publisher
    watch: Watch
    ledger: psycopg.Connection
    view: psycopg.Connection

    def use(self, engine: str) -> None:
        """Run both lanes with this engine; return when they own their partitions."""
        lanes = [_with_engine(app, engine) for app in APPS if app.name.startswith("decide-")]
        for lane in lanes:
            self.runner.stop_process(lane.name)
        time.sleep(LEAVE_S)
        self.runner.start(lanes, environment())
        for lane in lanes:
            await_(lambda name=lane.name: self.ready(name), 0.05)  # type: ignore[misc]

    def register(self, patients: Iterable[SimulatedPatient]) -> None:
        """Publish the patients' controls and wait until the view's gate is open for them."""
        self.publisher.publish_controls(c for patient in patients for c in patient.controls)
        self.watch.wait()

    def preload(self, patients: Iterable[SimulatedPatient]) -> int:
        """Stop the entries lane, publish the patients' entries, return how many wait for it."""
        self.runner.stop_process("decide-entries")
        return self.publisher.publish_entries(e for patient in patients for e in patient.entries)

    def resume(self) -> None:
        """Start the entries lane and return when it owns its partitions."""
        self.runner.start_process("decide-entries")
        await_(lambda: self.ready("decide-entries"), 0.005)

    def ready(self, process: str) -> bool:
        """Tell whether a process says of itself that it does its work."""
        url = f"http://{address(self.home, process)}/ready"
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def wal_bytes(self) -> int:
        """Return where the write-ahead log is; all databases share one."""
        row = self.view.execute("select pg_current_wal_insert_lsn() - '0/0'").fetchone()
        return int(row[0]) if row else 0

    def applied(self) -> int:
        """Return how many messages of `released` the view has applied."""
        row = self.view.execute(
            "select coalesce(sum(next_offset), 0)::bigint from source_position where topic = 'released'"
        ).fetchone()
        return int(row[0]) if row else 0


@contextlib.contextmanager
def pipeline() -> Iterator[Pipeline]:
    """Run everything while the block lasts, in a folder that is removed afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="recordgate-bench-") as folder,
        contextlib.ExitStack() as stack,
    ):
        home = Path(folder)
        log = stack.enter_context((home / "processes.log").open("wb"))
        runner = stack.enter_context(running(home, log))
        known = settings()
        publisher = stack.enter_context(
            Publisher(access(known.as_user("publisher")), prefix=known.topic_prefix)
        )
        watch = stack.enter_context(contextlib.closing(Watch(known)))
        ledger = stack.enter_context(
            psycopg.connect(known.ledger_dsn, autocommit=True, options=_PLANS)
        )
        view = stack.enter_context(psycopg.connect(known.view_dsn, autocommit=True, options=_PLANS))
        found = Pipeline(home, known, runner, publisher, watch, ledger, view)
        for app in APPS:
            await_(lambda name=app.name: found.ready(name), 0.05)  # type: ignore[misc]
        yield found


def _with_engine(app: ProcessCommand, engine: str) -> ProcessCommand:
    return replace(app, argv=(*app.argv, "--engine", engine))


def await_(true: Callable[[], bool], every_s: float) -> None:
    """Return once `true()` holds; raise TimeoutError when it takes too long for a benchmark."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not happen")
        time.sleep(every_s)
