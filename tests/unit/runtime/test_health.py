"""A process answers /live and /metrics at once, whatever the database behind its gauges does."""

import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from recordgate_deploy.ports import LOOPBACK, settle_ports
from recordgate_runtime.health import Health
from recordgate_schemas.errors import RetryableError

PATIENCE_S = 5.0
"""Far more than an answer takes, far less than a database that hangs."""


@pytest.fixture
def free_port(tmp_path: Path) -> int:
    return settle_ports(tmp_path / "port")[0]


def serve(refresh: Callable[[], None], port: int) -> str:
    health = Health(refresh, wait_s=0.2)
    health.serve(port)
    return f"http://{LOOPBACK}:{port}"


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:  # noqa: S310  loopback
        return str(answer.read().decode("utf-8"))


def test_a_database_that_hangs_delays_no_answer_and_the_age_of_the_gauges_grows(
    free_port: int,
) -> None:
    over = threading.Event()

    def hang() -> None:
        over.wait(60)

    address = serve(hang, free_port)
    first = get(address + "/metrics")
    assert get(address + "/live") == "200 OK\n"
    second = get(address + "/metrics")
    over.set()
    assert 0 < age(first) < age(second)


def test_a_database_that_is_away_delays_no_answer_and_the_age_of_the_gauges_grows(
    free_port: int,
) -> None:
    def away() -> None:
        raise RetryableError("PostgreSQL is not reachable")

    address = serve(away, free_port)
    assert age(get(address + "/metrics")) < age(get(address + "/metrics"))


def test_gauges_are_read_for_each_scrape_and_are_young_then(free_port: int) -> None:
    read: list[float] = []
    address = serve(lambda: read.append(time.monotonic()), free_port)
    ages = [age(get(address + "/metrics")) for _ in range(3)]
    assert (len(read), max(ages) < 1) == (3, True)


def age(page: str) -> float:
    name = "recordgate_gauges_age_seconds "
    [line] = [line for line in page.splitlines() if line.startswith(name)]
    return float(line.removeprefix(name))
