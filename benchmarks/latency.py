"""The time from sending an entry until it can be seen, at steady rates, with each engine."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from benchmarks.cpu import core_percent, cpu_seconds, us_each
from benchmarks.numbers import Numbers, medians, named, spread, spread_ms
from benchmarks.pipeline import ENGINES, ENTRIES_EACH, PATIENCE_S, Pipeline, pipeline
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_schemas.entry import ClinicalEntry

RATES = (300, 854, 2600)
"""Entries per second: thin traffic, England's busiest hour, and its burst."""

SECONDS = 10
WARM_UP_S = 3
ROUNDS = 3
POLL_S = 0.004
LOOKED_FOR_PER_S = 100
"""Entries per second that the observer asks the view for: more would measure the observer."""

Key = tuple[str, str]


@dataclass(slots=True)
class Clocks:
    """When each entry was sent, and acknowledged; and when it was first found in the view, of those looked for."""

    sent: dict[Key, float] = field(default_factory=dict)
    acknowledged: dict[Key, float] = field(default_factory=dict)
    visible: dict[Key, float] = field(default_factory=dict)
    new: SimpleQueue[list[Key]] = field(default_factory=SimpleQueue)
    all_sent: bool = False


def measure(*, short: bool, rates: Sequence[int] = RATES) -> dict[str, object]:
    """Return percentiles and CPU at each rate with each engine, over rounds that each bring other patients."""
    seconds, rounds = (5, 1) if short else (SECONDS, ROUNDS)
    counts = {rate: rate * (seconds + WARM_UP_S) for rate in rates}
    needed = sum(-(-count // ENTRIES_EACH) for count in counts.values()) * rounds * len(ENGINES)
    patients = simulate(needed, ENTRIES_EACH, seed=2)
    numbers, spreads, found = dict[str, float](), dict[str, tuple[float, float]](), {}
    with pipeline() as running:
        for engine in ENGINES:
            running.use(engine)
            for rate, count in counts.items():
                name = f"{engine}_{rate}"
                by_round = [_round(running, patients, rate, count) for _ in range(rounds)]
                found[name] = by_round
                numbers |= named(name, medians(by_round))
                spreads |= {f"{name}_{number}": both for number, both in spread(by_round).items()}
    for rate in rates:
        ours = [numbers[f"{engine}_{rate}_core_percent_ours"] for engine in ENGINES]
        numbers[f"worst_{rate}_core_percent_ours"] = max(ours)
    return {
        "what": "An entry, sent to visible, at a steady rate",
        "how": f"{seconds} s after {WARM_UP_S} s of warm-up; the view is asked every {POLL_S * 1000:.0f} ms for"
        f" {LOOKED_FOR_PER_S} entries of each second; median of {rounds}",
        "store": {"patients": 0, "entries": 0},
        "numbers": numbers,
        "spread": spreads,
        "rounds": found,
    }


def _round(
    running: Pipeline, patients: Iterator[SimulatedPatient], rate: int, count: int
) -> Numbers:
    own = list(itertools.islice(patients, -(-count // ENTRIES_EACH)))
    turns = zip(*(patient.entries for patient in own), strict=True)
    entries = list(itertools.islice(itertools.chain.from_iterable(turns), count))
    running.register(own)
    before, started = cpu_seconds(running.runner), time.perf_counter()
    clocks = _run(running, entries, rate)
    after, ended = cpu_seconds(running.runner), time.perf_counter()
    running.watch.wait()
    measured = clocks.visible.keys() & {_key(entry) for entry in entries[rate * WARM_UP_S :]}
    return {
        **spread_ms(
            "ack_to_visible", [clocks.visible[k] - clocks.acknowledged[k] for k in measured]
        ),
        **spread_ms("sent_to_visible", [clocks.visible[k] - clocks.sent[k] for k in measured]),
        **us_each(before, after, count),
        **core_percent(before, after, ended - started),
    }


def _run(running: Pipeline, entries: list[ClinicalEntry], rate: int) -> Clocks:
    clocks = Clocks()
    wanted = {_key(entry) for entry in entries[:: max(1, rate // LOOKED_FOR_PER_S)]}
    looking = threading.Thread(target=_look, args=(running, clocks, wanted))
    looking.start()
    try:
        _send(running, entries, rate, clocks)
    finally:
        clocks.all_sent = True
        looking.join()
    if clocks.visible.keys() != wanted:
        raise TimeoutError("entries did not become visible")
    return clocks


def _send(running: Pipeline, entries: list[ClinicalEntry], rate: int, clocks: Clocks) -> None:
    """Send what is due by the clock; a slow acknowledgement makes the next call larger, not the rate lower."""
    started, done = time.perf_counter(), 0
    while done < len(entries):
        due = min(len(entries), int((time.perf_counter() - started) * rate))
        if due == done:
            time.sleep(0.001)
            continue
        batch = entries[done:due]
        keys = [_key(entry) for entry in batch]
        clocks.new.put(keys)
        clocks.sent |= dict.fromkeys(keys, time.perf_counter())
        running.publisher.publish_entries(batch)
        clocks.acknowledged |= dict.fromkeys(keys, time.perf_counter())
        done = due


def _look(running: Pipeline, clocks: Clocks, wanted: set[Key]) -> None:
    """Ask the view for what was sent, is looked for and was not found yet, again and again."""
    deadline, waiting = time.monotonic() + PATIENCE_S, set[Key]()
    while time.monotonic() < deadline:
        finished = clocks.all_sent
        while not clocks.new.empty():
            waiting |= wanted.intersection(clocks.new.get())
        if finished and not waiting:
            return
        found = _found(running, waiting)
        clocks.visible |= dict.fromkeys(found, time.perf_counter())
        waiting -= found
        time.sleep(POLL_S)


def _found(running: Pipeline, keys: set[Key]) -> set[Key]:
    if not keys:
        return set()
    rows = running.view.execute(
        "select nhs_number, entry_id from released_entry"
        " join unnest(%(numbers)b::text[], %(ids)b::text[]) as asked (nhs_number, entry_id)"
        " using (nhs_number, entry_id) where audience = 'self' and body is not null",
        {"numbers": [n for n, _ in keys], "ids": [e for _, e in keys]},
    )
    return set(rows.fetchall())


def _key(entry: ClinicalEntry) -> Key:
    return entry.nhs_number.digits, str(entry.entry_id)
