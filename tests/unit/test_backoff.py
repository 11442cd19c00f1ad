"""A process that keeps ending is started again later and later, up to a bound; why it ended is said in one line."""

import signal

import pytest

from recordgate_deploy.backoff import HEALTHY_S, Backoff, reason
from recordgate_runtime.process import ExitCode

ENDS_AT_ONCE, LIVED_WELL = 0.1, HEALTHY_S


def waits(status: int, lived_s: float, times: int) -> list[float]:
    backoff = Backoff()
    return [backoff.wait_after(status, lived_s) for _ in range(times)]


@pytest.mark.parametrize("status", [ExitCode.CRASHED, ExitCode.DEPENDENCY_DOWN, -9, 1])
def test_what_a_restart_may_heal_is_tried_again_within_ten_seconds(status: int) -> None:
    found = waits(status, ENDS_AT_ONCE, 2000)
    assert 0.5 <= found[0] <= 1 <= found[1] <= 2 <= found[2] <= 4
    assert all(5 <= wait <= 10 for wait in found[10:])


@pytest.mark.parametrize("status", [ExitCode.SAFETY, ExitCode.USAGE])
def test_what_no_restart_heals_is_tried_again_every_few_minutes(status: int) -> None:
    found = waits(status, ENDS_AT_ONCE, 2000)
    assert 10 <= found[0] <= 20
    assert all(150 <= wait <= 300 for wait in found[10:])


def test_a_process_that_is_kept_waiting_for_a_server_before_it_ends_has_not_started_well() -> None:
    assert all(wait >= 5 for wait in waits(ExitCode.DEPENDENCY_DOWN, 6, 20)[10:])


def test_after_a_healthy_life_the_next_restart_is_quick() -> None:
    backoff = Backoff()
    for _ in range(20):
        backoff.wait_after(ExitCode.CRASHED, ENDS_AT_ONCE)
    assert backoff.wait_after(ExitCode.CRASHED, LIVED_WELL) <= 0.5
    assert backoff.wait_after(ExitCode.SAFETY, LIVED_WELL) <= 10


def test_every_status_has_a_reason_in_words() -> None:
    assert reason(-signal.SIGKILL) == "ended by SIGKILL"
    assert reason(-signal.SIGRTMAX - 5).startswith("ended by signal")
    assert "runbook" in reason(ExitCode.SAFETY)
    assert len({reason(status) for status in (*ExitCode, 71, 99)}) == len(ExitCode) + 2 - 1
