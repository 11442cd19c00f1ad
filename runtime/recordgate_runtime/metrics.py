"""Every metric: name, meaning, labels. The only file that creates one; docs/reference/metrics.md is made from it.

Labels come from closed sets: never a patient, an entry or a practice.
"""

from enum import StrEnum

from prometheus_client import (
    CollectorRegistry,
    Counter,  # noqa: TID251
    Gauge,  # noqa: TID251
    Histogram,  # noqa: TID251
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series and nobody asks when a counter was born
REGISTRY = CollectorRegistry()

_LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 900.0)


class BatchStage(StrEnum):
    """What processes a batch of records in one database transaction: the label `stage`."""

    ENTRIES_LANE = "entries-lane"
    CONTROLS_LANE = "controls-lane"
    GATE_LANE = "gate-lane"
    VIEW_SINK = "view-sink"
    REVIEW_SINK = "review-sink"


RECORDS = Counter(
    "recordgate_records",
    "Records the decider has accounted for, by what they turned out to be.",
    ("lane", "kind"),
    registry=REGISTRY,
)
DECISIONS = Counter(
    "recordgate_decisions",
    "Decisions for audience self and proxies, by outcome and headline reason.",
    ("outcome", "reason"),
    registry=REGISTRY,
)
OLDEST_UNDECIDED = Gauge(
    "recordgate_oldest_undecided_age_seconds",
    "Age of the oldest record the lane has read and not yet decided; 0 when idle.",
    ("lane",),
    registry=REGISTRY,
)
BATCH_SECONDS = Histogram(
    "recordgate_batch_seconds",
    f"Seconds from reading a batch of at least one record to its commit, by stage: {', '.join(BatchStage)}.",
    ("stage",),
    buckets=_LATENCY_S,
    registry=REGISTRY,
)
PUBLISH_TO_VISIBLE = Histogram(
    "recordgate_publish_to_visible_seconds",
    "Seconds from the broker taking an entry or control to the view holding what follows from it.",
    buckets=_LATENCY_S,
    registry=REGISTRY,
)
HIDE_TO_UNREADABLE = Histogram(
    "recordgate_hide_to_unreadable_seconds",
    "Seconds from the broker taking a control to the gate holding it.",
    buckets=_LATENCY_S,
    registry=REGISTRY,
)
GATE_LEASE = Gauge(
    "recordgate_gate_lease_seconds",
    "How long a stamp of the gate lane keeps a partition readable: the setting RECORDGATE_GATE_LEASE_S.",
    registry=REGISTRY,
)
GATE_LEASE_LEFT = Gauge(
    "recordgate_gate_lease_left_seconds",
    "Seconds until a partition's patients go dark unless this gate lane renews the lease; 0 when they are.",
    ("partition",),
    registry=REGISTRY,
)
TICKS_FAILED = Counter(
    "recordgate_ticks_failed",
    "Ticks that the broker did not confirm, or could not be asked for.",
    registry=REGISTRY,
)
WORK_OPEN = Gauge(
    "recordgate_work_open",
    "Holds and tasks that are not decided, by queue, age (new: two days; old: over fourteen) and due date.",
    ("what", "queue", "age", "due"),
    registry=REGISTRY,
)
ESCALATIONS = Counter(
    "recordgate_work_escalations",
    "Holds and tasks that came to 50, 80 and 100 % of the time they have, by queue.",
    ("queue", "percent"),
    registry=REGISTRY,
)
ACCOUNT = Gauge(
    "recordgate_conservation_records",
    "The ledger's account of entry records: received, accepted, duplicate, superseded, quarantined.",
    ("kind",),
    registry=REGISTRY,
)
UNACCOUNTED = Gauge(
    "recordgate_unaccounted_records",
    "Entry records received without an outcome; anything but 0 is an incident.",
    registry=REGISTRY,
)
GAUGES_AGE = Gauge(
    "recordgate_gauges_age_seconds",
    "Age of the gauges that are read from the ledger at each scrape; it grows while PostgreSQL does not answer.",
    registry=REGISTRY,
)
ISOLATED = Counter(
    "recordgate_isolated_records",
    "Records that failed while they were processed and were set aside alone, by topic.",
    ("topic",),
    registry=REGISTRY,
)
POISON = Counter(
    "recordgate_poison_messages",
    "Messages that could not be decoded, by topic.",
    ("topic",),
    registry=REGISTRY,
)
REFUSED_CONTROLS = Counter(
    "recordgate_refused_controls",
    "Controls that were understood and do not count, by why: the classes of docs/runbook/service-keys.md.",
    ("reason",),
    registry=REGISTRY,
)
MARKERS_WAITING = Gauge(
    "recordgate_markers_waiting",
    "Re-decision markers the view holds back because a lower sequence number is missing.",
    registry=REGISTRY,
)
PARTITION_OPEN = Gauge(
    "recordgate_partition_open",
    "Whether a sink's partition is open (1), or dark (0) until a restored ledger has published everything again,"
    " or a restored view has read it.",
    ("topic", "partition"),
    registry=REGISTRY,
)
RULE_PATIENTS_WAITING = Gauge(
    "recordgate_rule_patients_waiting",
    "Patients to whom a newly activated ruleset has still to be applied.",
    registry=REGISTRY,
)
