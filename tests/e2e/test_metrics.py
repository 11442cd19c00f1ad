"""What every process serves to Prometheus is the catalogue, and says nothing of anybody."""

import json
import re
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_runtime.metrics import REGISTRY
from recordgate_runtime.settings import settings


@pytest.fixture(scope="module")
def scraped(runner: Runner) -> dict[str, str]:
    assert runner.pids()
    targets = json.loads((settings().home / "targets.json").read_text("utf-8"))
    return {t["labels"]["process"]: _scrape_when_up(t["targets"][0]) for t in targets}


def test_each_process_serves_exactly_the_catalogue(scraped: dict[str, str]) -> None:
    wanted = {family.name for family in REGISTRY.collect()}
    served = {
        process: {family.name for family in text_string_to_metric_families(text)}
        for process, text in scraped.items()
    }
    assert served == dict.fromkeys(scraped, wanted)


def test_no_scrape_carries_what_could_be_an_nhs_number(scraped: dict[str, str]) -> None:
    labels = [text for page in scraped.values() for text in re.findall(r'="([^"]*)"', page)]
    assert labels
    assert [label for label in labels if re.search(r"\d{10}", label)] == []


def _scrape_when_up(address: str) -> str:
    found: list[str] = []

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
                found.append(answer.read().decode("utf-8"))
        except OSError:
            return False
        return True

    assert await_true(answers, timeout_s=60), address
    return found[-1]
