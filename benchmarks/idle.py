"""What the processes use while nothing comes, with each engine: shares of a core."""

import itertools
import time

from benchmarks.cpu import core_percent, cpu_seconds
from benchmarks.numbers import Numbers, named
from benchmarks.pipeline import ENGINES, ENTRIES_EACH, Pipeline, pipeline
from recordgate_producers.simulator import simulate

PATIENTS = 20
SECONDS = 60
_REST_S = 5


def measure(*, short: bool) -> dict[str, object]:
    """Return how much of a core each process uses after some entries have come through."""
    seconds = 10 if short else SECONDS
    patients = simulate(PATIENTS * len(ENGINES), ENTRIES_EACH, seed=5)
    numbers: Numbers = {}
    with pipeline() as running:
        for engine in ENGINES:
            running.use(engine)
            own = list(itertools.islice(patients, PATIENTS))
            running.register(own)
            running.publisher.publish_entries(e for patient in own for e in patient.entries)
            running.watch.wait()
            numbers |= named(engine, _at_rest(running, seconds))
    ours = [numbers[f"{engine}_core_percent_ours"] for engine in ENGINES]
    return {
        "what": "Nothing to do",
        "how": f"{seconds} s after {PATIENTS * ENTRIES_EACH} entries have come through",
        "store": {"patients": 0, "entries": 0},
        "numbers": {**numbers, "worst_core_percent_ours": max(ours)},
    }


def _at_rest(running: Pipeline, seconds: float) -> Numbers:
    time.sleep(_REST_S)
    before, started = cpu_seconds(running.runner), time.perf_counter()
    time.sleep(seconds)
    return core_percent(before, cpu_seconds(running.runner), time.perf_counter() - started)
