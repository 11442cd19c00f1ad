"""With the decider stopped, hides, declines and suspensions act on the view at once; with it back all converge."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import orjson
import pytest

from recordgate_consumers.view.read import read_view
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_producers.publisher import Publisher
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import settings
from recordgate_schemas.control import (
    AccessDeclined,
    AccessSuspended,
    Change,
    Control,
    EntryHidden,
    HideCause,
)
from recordgate_schemas.values import SELF, NhsNumber
from tests.support.services import broker

DECIDER = ("decide-entries", "decide-controls")


@pytest.fixture
def publisher(runner: Runner) -> Iterator[Publisher]:
    assert runner.pids()
    with Publisher(broker(settings().kafka, "publisher")) as opened:
        yield opened


def seen(number: NhsNumber) -> set[str]:
    with connect(settings().view_dsn, "view_reader") as reader:
        return {orjson.loads(e.body)["id"] for e in read_view(reader, number, SELF)}


def about(patient: SimulatedPatient, change: Change) -> Control:
    now = datetime.now(UTC)
    return Control(f"stop-{type(change).__name__}", patient.nhs_number, now, "test", change)


def test_hide_decline_and_suspension_act_without_the_decider_and_converge_with_it(
    runner: Runner, watch: Watch, publisher: Publisher
) -> None:
    hidden, declined, suspended, bystander = islice(simulate(4, 5, seed=7), 4)
    everybody = (hidden, declined, suspended, bystander)
    for patient in everybody:
        publisher.publish_controls(patient.controls)
        publisher.publish_entries(patient.entries)
    watch.wait()
    before = {p.nhs_number: seen(p.nhs_number) for p in everybody}
    victim = hidden.entries[0]

    for lane in DECIDER:
        runner.stop_process(lane)
    hide = EntryHidden(victim.entry_id, (), HideCause.DO_NOT_DISPLAY)
    publisher.publish_controls([about(hidden, hide), about(declined, AccessDeclined())])
    publisher.publish_controls([about(suspended, AccessSuspended())])
    watch.wait(gate_only=True)
    stopped = {p.nhs_number: seen(p.nhs_number) for p in everybody}
    for lane in DECIDER:
        runner.start_process(lane)
    watch.wait()
    back = {p.nhs_number: seen(p.nhs_number) for p in everybody}

    assert all(len(found) == 5 for found in before.values())
    # Which relatives a hide concerns only the decider knows: until it is back the patient is dark.
    assert all(stopped[p.nhs_number] == set() for p in (hidden, declined, suspended))
    assert stopped[bystander.nhs_number] == before[bystander.nhs_number]
    assert back == stopped | {hidden.nhs_number: before[hidden.nhs_number] - {"0-0"}}
