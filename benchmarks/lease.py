"""From the acknowledgement of a hide until its entry cannot be read, whatever the gate lane is doing.

After the lease nothing is readable that nobody vouches for, so no number may exceed it by more than one read.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import psycopg

from benchmarks.hide import control, count_visible, open_reader
from benchmarks.pipeline import Pipeline, await_, pipeline
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_runtime.kafka import create_topics, open_admin, topic_name
from recordgate_runtime.settings import adopt
from recordgate_schemas.topics import CONTROLS, Principal

ROUNDS = 3
SHORT_LEASE_S = 3
_ENTRIES_EACH = 3
_POLL_S = 0.005
Fault = Callable[[Pipeline, Callable[[], None]], contextlib.AbstractContextManager[None]]


def measure(*, short: bool) -> dict[str, object]:
    """Return the longest time per fault, beside the lease."""
    rounds = 1 if short else ROUNDS
    if short:
        adopt({"RECORDGATE_GATE_LEASE_S": str(SHORT_LEASE_S)})
    shown = list(simulate(rounds * len(FAULTS) + 1, _ENTRIES_EACH, seed=4))
    witness, waiting = shown[0], iter(shown[1:])
    numbers: dict[str, float] = {}
    with pipeline() as running, open_reader(running) as reader:
        running.register(shown)
        running.publisher.publish_entries(e for patient in shown for e in patient.entries)
        running.watch.wait()
        numbers["lease_s"] = running.settings.gate_lease_s
        for name, fault in FAULTS.items():
            found = []
            for _ in range(1 if name == LAST else rounds):
                await_(lambda: count_visible(reader, witness) > 0, _POLL_S)
                found.append(_hide(running, reader, next(waiting), fault))
            numbers[f"{name}_longest_s"] = round(max(found), 2)
    return {
        "what": "A hide, acknowledged to unreadable, while something is wrong with the gate lane",
        "how": f"the longest of {rounds}, the view read every {_POLL_S * 1000:.0f} ms as the patient reads it",
        "numbers": numbers,
    }


def _hide(
    running: Pipeline, reader: psycopg.Connection, patient: SimulatedPatient, fault: Fault
) -> float:
    """Return the seconds from the hide's acknowledgement until its patient sees less than before."""
    acknowledged = 0.0

    def hide() -> None:
        nonlocal acknowledged
        running.publisher.publish_controls([control(patient)])
        acknowledged = time.perf_counter()

    await_(lambda: count_visible(reader, patient) == _ENTRIES_EACH, _POLL_S)
    with fault(running, hide):
        # one entry less is enough: the decider may be faster than the gate lane, and then the others stay readable
        await_(lambda: count_visible(reader, patient) < _ENTRIES_EACH, _POLL_S)
        return time.perf_counter() - acknowledged


@contextlib.contextmanager
def _nothing(_: Pipeline, hide: Callable[[], None]) -> Iterator[None]:
    hide()
    yield


@contextlib.contextmanager
def _killed(running: Pipeline, hide: Callable[[], None]) -> Iterator[None]:
    """The process runner starts it again."""
    _signal(running, "gate-lane", signal.SIGKILL)
    hide()
    yield


@contextlib.contextmanager
def _gone(running: Pipeline, hide: Callable[[], None]) -> Iterator[None]:
    """Killed, and nobody starts it again."""
    running.runner.stop_process("gate-lane")
    hide()
    yield
    running.runner.start_process("gate-lane")


@contextlib.contextmanager
def _stopped(running: Pipeline, hide: Callable[[], None]) -> Iterator[None]:
    """SIGSTOP: it lives and does nothing."""
    _signal(running, "gate-lane", signal.SIGSTOP)
    hide()
    yield
    _signal(running, "gate-lane", signal.SIGCONT)


@contextlib.contextmanager
def _cut_off(running: Pipeline, hide: Callable[[], None]) -> Iterator[None]:
    """The broker does not answer from the moment at which it has acknowledged; the gate lane cannot have the hide."""
    _signal(running, "gate-lane", signal.SIGSTOP)
    hide()
    _signal(running, "kafka", signal.SIGSTOP)
    _signal(running, "gate-lane", signal.SIGCONT)
    yield
    _signal(running, "kafka", signal.SIGCONT)


@contextlib.contextmanager
def _another_log(running: Pipeline, hide: Callable[[], None]) -> Iterator[None]:
    """The topic is deleted and made again; the hide is the first record of the new one."""
    operator = running.settings.as_user(Principal.ADMIN)
    admin, name = open_admin(operator), topic_name(CONTROLS, operator)
    admin.delete_topics([name])
    await_(lambda: name not in admin.list_topics(), 0.05)
    admin.close()
    create_topics(operator)
    hide()
    yield


def _signal(running: Pipeline, process: str, number: signal.Signals) -> None:
    pid = running.runner.pids()[process]
    if pid:
        os.kill(pid, number)


LAST = "reading_another_log"
FAULTS: dict[str, Fault] = {
    "nothing_wrong": _nothing,
    "killed_and_started_again": _killed,
    "killed_for_good": _gone,
    "stopped": _stopped,
    "cut_off_from_the_broker": _cut_off,
    LAST: _another_log,
}
