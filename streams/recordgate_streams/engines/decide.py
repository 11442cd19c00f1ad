"""What every engine does with a batch: decide it, and say how old the oldest undecided record is."""

import time
from collections.abc import Sequence

from recordgate_runtime.metrics import OLDEST_UNDECIDED
from recordgate_runtime.record import Record
from recordgate_streams.lanes.lane import Lane, LaneName


def decide(name: LaneName, lane: Lane, records: Sequence[Record]) -> None:
    """Let the lane process the records."""
    oldest = min(record.timestamp_ms for record in records) / 1000
    OLDEST_UNDECIDED.labels(name).set(max(0.0, time.time() - oldest))
    lane.process_batch(records)
    OLDEST_UNDECIDED.labels(name).set(0)
