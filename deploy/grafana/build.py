# ruff: noqa: INP001  a script, not part of a package
"""Writes recordgate.json, the dashboard: `python deploy/grafana/build.py`. Panels are data; a test compares the two."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DASHBOARD = Path(__file__).with_name("recordgate.json")
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows, in which unit, and the value from which it is red, if any."""

    title: str
    about: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    red_from: float | None = None
    kind: str = "timeseries"


def _quantiles(metric: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket[1m])))", name)
        for q, name in ((0.5, "p50"), (0.99, "p99"))
    )


PANELS = (
    Panel(
        "Unaccounted records",
        "Records received without an outcome. Anything but 0 is an incident.",
        "short",
        (("max(recordgate_unaccounted_records)", "unaccounted"),),
        red_from=1,
        kind="stat",
    ),
    Panel(
        "Oldest undecided record",
        "How long the record at the head of each lane has waited; 0 when idle.",
        "s",
        (("max by (lane) (recordgate_oldest_undecided_age_seconds)", "{{lane}}"),),
        red_from=60,
        kind="stat",
    ),
    Panel(
        "Open holds",
        "Entries that wait for a person, by whether their due date is past.",
        "short",
        (('sum by (due) (recordgate_work_open{what="hold"})', "{{due}}"),),
        kind="stat",
    ),
    Panel(
        "Escalations",
        "Holds and tasks that came to 50, 80 and 100 % of the time they have, in a day.",
        "short",
        (("sum by (percent) (increase(recordgate_work_escalations_total[1d]))", "{{percent}} %"),),
    ),
    Panel(
        "Markers waiting",
        "Re-decision markers held back because a lower sequence number is missing. Staying above 0: a lost decision.",
        "short",
        (("sum(recordgate_markers_waiting)", "waiting"),),
        red_from=1,
        kind="stat",
    ),
    Panel(
        "Partitions open",
        "0 where a sink's partition is dark until a restored ledger has published everything again.",
        "short",
        (("min by (topic, partition) (recordgate_partition_open)", "{{topic}}/{{partition}}"),),
        kind="stat",
    ),
    Panel(
        "Hide to unreadable",
        "From the broker taking a control to the gate holding it. Objective: p99 1 s, never over 5 s.",
        "s",
        _quantiles("recordgate_hide_to_unreadable_seconds"),
        red_from=1,
    ),
    Panel(
        "Gate's lease left",
        "Seconds until a partition goes dark unless the gate lane renews its lease, and the whole lease.",
        "s",
        (
            ("max by (partition) (recordgate_gate_lease_left_seconds)", "{{partition}}"),
            ("max(recordgate_gate_lease_seconds)", "lease"),
        ),
    ),
    Panel(
        "Ticks that failed",
        "Ticks of the gate lane that the broker did not confirm. Staying above 0, the view goes dark.",
        "ops",
        (("sum(rate(recordgate_ticks_failed_total[1m]))", "failed"),),
    ),
    Panel(
        "Publish to visible",
        "From the broker taking an entry or control to the view holding what follows from it. Objective: p99 1 s.",
        "s",
        _quantiles("recordgate_publish_to_visible_seconds"),
        red_from=1,
    ),
    Panel(
        "Records accounted for",
        "What the decider's records turned out to be, per lane.",
        "ops",
        (("sum by (lane, kind) (rate(recordgate_records_total[1m]))", "{{lane}} {{kind}}"),),
    ),
    Panel(
        "Decisions by outcome",
        "Decisions for patients and proxies.",
        "ops",
        (("sum by (outcome) (rate(recordgate_decisions_total[1m]))", "{{outcome}}"),),
    ),
    Panel(
        "Decisions by headline reason",
        "The ten most frequent reasons not to release in full.",
        "ops",
        (
            (
                'topk(10, sum by (reason) (rate(recordgate_decisions_total{reason!="-"}[5m])))',
                "{{reason}}",
            ),
        ),
    ),
    Panel(
        "Seconds from reading a batch to its commit",
        "p99 by stage; batches without records are not counted.",
        "s",
        (
            (
                "histogram_quantile(0.99, sum by (le, stage) (rate(recordgate_batch_seconds_bucket[1m])))",
                "{{stage}}",
            ),
        ),
    ),
    Panel(
        "Conservation",
        "The ledger's account of entry records: received is the sum of the others, always.",
        "short",
        (("max by (kind) (recordgate_conservation_records)", "{{kind}}"),),
    ),
    Panel(
        "Age of what is read from the ledger",
        "It grows while PostgreSQL does not answer: the account and the patients waiting are as old as this.",
        "s",
        (("max(recordgate_gauges_age_seconds)", "age"),),
        red_from=60,
    ),
    Panel(
        "Poison messages",
        "Messages that could not be decoded, records that failed while they were processed, and refused controls.",
        "ops",
        (
            ("sum by (topic) (rate(recordgate_poison_messages_total[5m]))", "{{topic}}"),
            ("sum by (topic) (rate(recordgate_isolated_records_total[5m]))", "{{topic}} isolated"),
            (
                "sum by (reason) (rate(recordgate_refused_controls_total[5m]))",
                "{{reason}} refused",
            ),
        ),
    ),
    Panel(
        "Patients a new ruleset is still to be applied to",
        "Falls to 0 after an activation; if it does not fall, the controls lane does not run.",
        "short",
        (("sum(recordgate_rule_patients_waiting)", "patients"),),
    ),
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    return {
        "uid": "recordgate",
        "title": "Recordgate",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(place, panel) for place, panel in enumerate(PANELS)],
    }


def _panel(place: int, panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red_from is not None:
        steps.append({"color": "red", "value": panel.red_from})
    defaults = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    return {
        "id": place + 1,
        "title": panel.title,
        "description": panel.about,
        "type": panel.kind,
        "datasource": _DATASOURCE,
        "gridPos": _grid(place),
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + n),
                "datasource": _DATASOURCE,
                "expr": query,
                "legendFormat": name,
            }
            for n, (query, name) in enumerate(panel.queries)
        ],
    }


def _grid(place: int) -> dict[str, int]:
    """Return a panel's place: the first four share a low row, the others follow in rows of two."""
    if place < 4:
        return {"x": place * 6, "y": 0, "w": 6, "h": 5}
    row, column = divmod(place - 4, 2)
    return {"x": column * 12, "y": 5 + row * 8, "w": 12, "h": 8}


def text() -> str:
    """Return the file's text."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(text(), "utf-8")
