"""A process waits for its servers: few lines, ever longer pauses, and whatever else is wrong ends it."""

import json
from collections.abc import Callable

import psycopg
import pytest

from recordgate_runtime.waiting import REMINDED_AFTER, await_answer
from recordgate_schemas.errors import FatalError, RetryableError


def away(times: int, error: Exception) -> Callable[[], None]:
    left = [error] * times

    def ask() -> None:
        if left:
            raise left.pop()

    return ask


def never(_seconds: float) -> None:
    pytest.fail("nobody waits here")


def codes(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [json.loads(line)["code"] for line in capsys.readouterr().err.splitlines()]


def test_a_server_that_answers_at_once_is_not_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    await_answer(away(0, RetryableError("")), never)
    assert codes(capsys) == []


@pytest.mark.parametrize("error", [RetryableError("is away"), psycopg.OperationalError("is away")])
def test_waiting_is_said_when_it_begins_and_when_it_ends(
    capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    pauses: list[float] = []
    await_answer(away(7, error), pauses.append)
    assert codes(capsys) == ["WAITING", "ANSWERED"]
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]


def test_who_waits_long_says_so_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    await_answer(away(2 * REMINDED_AFTER, RetryableError("is away")), lambda _: None)
    assert codes(capsys) == ["WAITING", "WAITING", "ANSWERED"]


def test_a_drivers_own_words_are_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    await_answer(away(1, psycopg.OperationalError("10.0.0.1 user smith")), lambda _: None)
    assert "smith" not in capsys.readouterr().err


def test_what_waiting_does_not_heal_is_raised() -> None:
    with pytest.raises(FatalError):
        await_answer(away(1, FatalError("partitions differ")), never)
