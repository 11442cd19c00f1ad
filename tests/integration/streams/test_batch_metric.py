"""`recordgate_batch_seconds` counts batches of records: neither idle ticks nor pages decided again."""

from recordgate_runtime.metrics import REGISTRY, BatchStage
from recordgate_schemas.control import AccessSuspended
from tests.support.ledger import PARTITION, Ledger


def batches(stage: BatchStage) -> float:
    found = REGISTRY.get_sample_value("recordgate_batch_seconds_count", {"stage": stage})
    return found or 0.0


def test_a_batch_counts_once_and_an_idle_tick_not_at_all(ledger: Ledger) -> None:
    before = batches(BatchStage.CONTROLS_LANE)
    ledger.say(AccessSuspended())
    assert batches(BatchStage.CONTROLS_LANE) == before + 1
    for _ in range(3):
        ledger.controls.tick([PARTITION])
    assert batches(BatchStage.CONTROLS_LANE) == before + 1
