"""Waits at a process's start until Kafka and its database answer, instead of ending and being started over and over."""

import time
from collections.abc import Callable

from recordgate_runtime.kafka import topic_states
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.postgres import DatabaseAway, connect
from recordgate_runtime.settings import Settings, need
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import TOPICS

_FIRST_S, _LONGEST_S = 0.5, 10.0
REMINDED_AFTER = 30
"""Attempts after which a process says once more that it waits: about five minutes."""


def await_servers(settings: Settings, dsn: str, role: str) -> None:
    """Return once the topics are there and the database lets the role in; any other error is raised."""
    need(settings.kafka, "RECORDGATE_KAFKA")
    await_answer(lambda: topic_states(TOPICS, settings))
    await_answer(lambda: connect(dsn, role).close())


def await_answer(ask: Callable[[], object], sleep: Callable[[float], None] = time.sleep) -> None:
    """Ask until there is an answer; one line when the waiting begins, one when it ends, and few in between."""
    attempts = 0
    while (silence := _silence(ask)) is not None:
        if attempts % REMINDED_AFTER == 0:
            log(LogCode.WAITING, advice=silence)
        sleep(min(_LONGEST_S, _FIRST_S * 2 ** min(attempts, 8)))
        attempts += 1
    if attempts:
        log(LogCode.ANSWERED, count=attempts)


def _silence(ask: Callable[[], object]) -> str | None:
    """Return why there is no answer, None when there is one. SAFETY: a driver's own words may hold an address."""
    try:
        ask()
    except RetryableError as error:
        return str(error)
    except DatabaseAway:
        return "PostgreSQL does not answer"
    return None
