"""The time from the acknowledgement of an entry until it can be seen, at a steady rate."""

import itertools
import threading
import time
from dataclasses import dataclass, field
from queue import SimpleQueue

from benchmarks.cpu import cpu_seconds, us_each
from benchmarks.numbers import spread_ms
from benchmarks.pipeline import ENTRIES_EACH, PATIENCE_S, Pipeline, pipeline
from benchmarks.scrape import histogram_quantiles
from recordgate_producers.simulator import simulate
from recordgate_schemas.entry import ClinicalEntry

RATE_PER_S = 300
SECONDS = 30
WARM_UP_S = 3
POLL_S = 0.004

Key = tuple[str, str]


@dataclass(slots=True)
class Clocks:
    """When each entry was sent, acknowledged and first found in the view."""

    sent: dict[Key, float] = field(default_factory=dict)
    acknowledged: dict[Key, float] = field(default_factory=dict)
    visible: dict[Key, float] = field(default_factory=dict)
    new: SimpleQueue[list[Key]] = field(default_factory=SimpleQueue)
    all_sent: bool = False


def measure(*, short: bool) -> dict[str, object]:
    """Return percentiles of acknowledged-to-visible and sent-to-visible after a few seconds of warm-up."""
    seconds = (8 if short else SECONDS) + WARM_UP_S
    count = RATE_PER_S * seconds
    patients = list(simulate(-(-count // ENTRIES_EACH), ENTRIES_EACH, seed=2))
    turns = zip(*(patient.entries for patient in patients), strict=True)
    entries = list(itertools.islice(itertools.chain.from_iterable(turns), count))
    with pipeline() as running:
        running.register(patients)
        before = cpu_seconds(running.runner)
        clocks = _run(running, entries)
        after = cpu_seconds(running.runner)
        by_metric = histogram_quantiles(
            running.home, "view-sink", "recordgate_publish_to_visible_seconds"
        )
    measured = [_key(entry) for entry in entries[RATE_PER_S * WARM_UP_S :]]
    return {
        "what": f"An entry, acknowledged to visible, at {RATE_PER_S} entries/s",
        "how": f"{seconds - WARM_UP_S} s after {WARM_UP_S} s of warm-up; the view is asked every"
        f" {POLL_S * 1000:.0f} ms for what it does not have yet",
        "numbers": {
            **spread_ms(
                "ack_to_visible", [clocks.visible[k] - clocks.acknowledged[k] for k in measured]
            ),
            **spread_ms("sent_to_visible", [clocks.visible[k] - clocks.sent[k] for k in measured]),
            **by_metric,
            **us_each(before, after, count),
        },
    }


def _run(running: Pipeline, entries: list[ClinicalEntry]) -> Clocks:
    clocks = Clocks()
    looking = threading.Thread(target=_look, args=(running, clocks))
    looking.start()
    try:
        _send(running, entries, clocks)
    finally:
        clocks.all_sent = True
        looking.join()
    if len(clocks.visible) < len(entries):
        raise TimeoutError("entries did not become visible")
    return clocks


def _send(running: Pipeline, entries: list[ClinicalEntry], clocks: Clocks) -> None:
    """Send what is due by the clock; a slow acknowledgement makes the next call larger, not the rate lower."""
    started, done = time.perf_counter(), 0
    while done < len(entries):
        due = min(len(entries), int((time.perf_counter() - started) * RATE_PER_S))
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


def _look(running: Pipeline, clocks: Clocks) -> None:
    """Ask the view for what was sent and not found yet, again and again."""
    deadline, waiting = time.monotonic() + PATIENCE_S, set[Key]()
    while time.monotonic() < deadline:
        finished = clocks.all_sent
        while not clocks.new.empty():
            waiting |= set(clocks.new.get())
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
