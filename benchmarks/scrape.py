"""A process's own metrics, as a cross-check of what was measured from outside."""

import json
import urllib.request
from itertools import pairwise
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.numbers import Numbers


def address(home: Path, process: str) -> str:
    """Return where a process of the running system serves its metrics."""
    targets = json.loads((home / "targets.json").read_text("utf-8"))
    return str(next(t["targets"][0] for t in targets if t["labels"]["process"] == process))


def histogram_quantiles(home: Path, process: str, name: str) -> Numbers:
    """Return p50 and p99 in milliseconds, interpolated inside the histogram's bucket as Prometheus does."""
    url = f"http://{address(home, process)}/metrics"
    with urllib.request.urlopen(url, timeout=5) as answer:
        families = {f.name: f for f in text_string_to_metric_families(answer.read().decode())}
    buckets = [
        (float(sample.labels["le"]), sample.value)
        for sample in families[name].samples
        if sample.name == f"{name}_bucket"
    ]
    return {f"by_metric_p{p}_ms": round(_quantile(buckets, p) * 1000, 1) for p in (50, 99)}


def _quantile(buckets: list[tuple[float, float]], percent: int) -> float:
    wanted = buckets[-1][1] * percent / 100
    for (low, below), (high, count) in pairwise([(0.0, 0.0), *buckets]):
        if count >= wanted and count > below:
            return (
                low
                if high == float("inf")
                else low + (high - low) * (wanted - below) / (count - below)
            )
    return 0.0
