"""From the acknowledgement of a hide until the entry can no longer be read, and until the others can be again.

Measured idle and under a backlog. In between the patient is dark: only the decider knows the relatives.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import replace

import psycopg

from benchmarks.numbers import spread_ms
from benchmarks.pipeline import ENTRIES_EACH, Pipeline, await_, pipeline
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_runtime.postgres import connect
from recordgate_schemas.control import Control, EntryHidden, HideCause
from recordgate_schemas.values import SELF

HIDES = 200
BACKLOG = 30_000
_POLL_S = 0.001
_GAP_S = (0.01, 0.05)


def measure(*, short: bool) -> dict[str, object]:
    """Return percentiles of acknowledged-to-unreadable, as a patient's own reader sees it."""
    hides, backlog = (40, 3_000) if short else (HIDES, BACKLOG)
    invented = simulate(hides * 2 + backlog // ENTRIES_EACH, ENTRIES_EACH, seed=3)
    shown = [next(invented) for _ in range(hides * 2)]
    behind = list(invented)
    with pipeline() as running, open_reader(running) as reader:
        running.register([*shown, *behind])
        running.publisher.publish_entries(e for patient in shown for e in patient.entries)
        running.watch.wait()
        waiting = iter(shown)
        idle = [_hide(running, reader, next(waiting)) for _ in range(hides)]
        under, drained = _during_backlog(running, reader, waiting, behind)
    return {
        "what": "A hide, acknowledged to unreadable",
        "how": f"one entry a patient, one hide after another, the view read every {_POLL_S * 1000:.0f} ms as the"
        f" patient reads it; then the same while {backlog} entries are drained",
        "numbers": {
            **spread_ms("idle", [dark for dark, _ in idle]),
            **spread_ms("during_backlog", [dark for dark, _ in under]),
            **spread_ms("others_back_idle", [back for _, back in idle]),
            **spread_ms("others_back_during_backlog", [back for _, back in under]),
            "backlog_seconds": round(drained, 2),
        },
    }


def open_reader(running: Pipeline) -> psycopg.Connection:
    """Connect as a patient's reader."""
    return connect(running.settings.view_dsn, "view_reader", autocommit=True)


def _during_backlog(
    running: Pipeline,
    reader: psycopg.Connection,
    shown: Iterator[SimulatedPatient],
    behind: list[SimulatedPatient],
) -> tuple[list[tuple[float, float]], float]:
    """Hide until the backlog is drained or nobody is left to hide for."""
    target = running.applied() + running.preload(behind)
    running.resume()
    started, found = time.perf_counter(), list[tuple[float, float]]()
    for patient in shown:
        if running.applied() >= target:
            break
        found.append(_hide(running, reader, patient))
    await_(lambda: running.applied() >= target, 0.02)
    return found, time.perf_counter() - started


def _hide(
    running: Pipeline, reader: psycopg.Connection, patient: SimulatedPatient
) -> tuple[float, float]:
    """Return the seconds until the patient sees less, and until everything but the hidden entry is back."""
    time.sleep(random.uniform(*_GAP_S))  # noqa: S311  not to beat in time with anything
    before = count_visible(reader, patient)
    running.publisher.publish_controls([control(patient)])
    acknowledged = time.perf_counter()
    await_(lambda: count_visible(reader, patient) < before, _POLL_S)
    dark = time.perf_counter() - acknowledged
    await_(lambda: count_visible(reader, patient) == before - 1, _POLL_S)
    return dark, time.perf_counter() - acknowledged


def control(patient: SimulatedPatient) -> Control:
    """Return a hide of the patient's first entry."""
    hidden = EntryHidden(patient.entries[0].entry_id, (), HideCause.DO_NOT_DISPLAY)
    return replace(
        patient.controls[-1], control_id=f"hide {patient.entries[0].entry_id}", change=hidden
    )


def count_visible(reader: psycopg.Connection, patient: SimulatedPatient) -> int:
    """Read through the role, the policy and the predicate that stand between a patient and the table."""
    with reader.transaction():
        reader.execute(
            "select set_config('recordgate.nhs_number', %s, true),"
            " set_config('recordgate.audience', %s, true)",
            (patient.nhs_number.digits, SELF),
        )
        row = reader.execute("select count(*) from visible_entry").fetchone()
    return int(row[0]) if row else 0
