"""The dashboard and the scrape configuration speak of what the processes serve, and of all of it."""

import json
import re
import runpy
from pathlib import Path

from recordgate_runtime.metrics import REGISTRY

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "recordgate.json"


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    assert _asked_for() == _served()


def test_the_dashboard_asks_only_for_labels_that_exist() -> None:
    known = {label for metric in REGISTRY._collector_to_names for label in metric._labelnames}  # type: ignore[attr-defined]
    grouped = re.findall(r"\bby \(([^)]*)\)", _queries())
    asked = {label.strip() for group in grouped for label in group.split(",")}
    shown = set(re.findall(r"{{(\w+)}}", DASHBOARD.read_text("utf-8")))
    assert (asked | shown) - {"le"} <= known


def test_the_dashboard_is_what_its_script_writes() -> None:
    assert (
        DASHBOARD.read_text("utf-8")
        == runpy.run_path(str(DASHBOARD.with_name("build.py")))["text"]()
    )


def test_prometheus_scrapes_what_recordgate_up_writes_and_listens_on_loopback() -> None:
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")
    assert 'files: ["../../.recordgate/targets.json"]' in text
    assert "--web.listen-address=127.0.0.1:" in text
    assert "static_configs" not in text


def test_every_alert_asks_for_metrics_that_exist_and_names_a_page_of_the_runbook() -> None:
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8")
    alerts = re.findall(r"- alert: (\w+)", text)
    pages = re.findall(r"runbook: (docs/runbook/[\w-]+\.md)", text)
    assert set(re.findall(r"recordgate_\w+", text)) <= _served()
    assert len(alerts) == len(pages) == len(re.findall("severity:", text)) > 0
    for page in pages:
        assert (DEPLOY.parent / page).is_file()
        told = (DEPLOY.parent / page).read_text("utf-8")
        assert any(f"`{alert}`" in told for alert in alerts)
    assert "alerts.yml" in (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")


def _queries() -> str:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return "\n".join(target["expr"] for panel in panels for target in panel["targets"])


def _asked_for() -> set[str]:
    return {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for name in re.findall(r"\brecordgate_\w+", _queries())
    }


def _served() -> set[str]:
    """Return the names as Prometheus knows them: counters end in _total."""
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in REGISTRY.collect()
    }
