"""Structured logs: one JSON object a line, from a closed catalogue of codes and a closed list of fields.

SAFETY: a field that is not listed cannot be written, so neither an NHS number nor clinical text has a way into a log.
"""

import json
import logging
import sys
import traceback
from enum import Enum
from pathlib import Path
from typing import Any

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.settings import settings
from recordgate_schemas.errors import UsageError

FIELDS = frozenset(
    {
        "topic",
        "partition",
        "offset",
        "lane",
        "count",
        "seconds",
        "error",
        "where",
        "migration",
        "ruleset",
        "advice",
        "library",
        "template",
        "child",
        "status",
    }
)


class LogCode(Enum):
    """Every line a process may write: level and meaning."""

    STARTED = ("info", "the process is ready")
    WAITING = ("warning", "a server does not answer; the process asks again until it does")
    ANSWERED = ("info", "the server answers after so many attempts; the process goes on")
    STOPPING = ("info", "the process was asked to stop")
    MIGRATED = ("info", "a migration was applied")
    TOPIC_CREATED = ("info", "a topic was created")
    REPUBLISHED = ("info", "messages committed before a crash were published again")
    FILLED = (
        "error",
        "a body could not be shown as it was decided; a retraction was published in place of the message",
    )
    REPLAYED = ("info", "records seen before were dropped")
    QUARANTINED = ("warning", "a record could not be understood and was set aside")
    ISOLATED = ("error", "a record could not be processed and was set aside; the others went on")
    UNDECIDED = (
        "error",
        "a patient could not be decided again and waits, closed by its controls, for the next one or the next start",
    )
    POISON_SKIPPED = (
        "error",
        "a message of ours could not be decoded; its sequence number stays open",
    )
    MISROUTED = (
        "error",
        "a record lies in a partition that is not its patient's; it was set aside",
    )
    QUARANTINE_UNKEPT = (
        "warning",
        "RECORDGATE_QUARANTINE_KEY is not set: of what is set aside the coordinates are kept, not the bytes",
    )
    REVIEW_REFUSED = ("warning", "a review outcome no longer matched what it was given for")
    REDECIDED = ("info", "pages of patients' entries were decided again")
    PARTITION_OPEN = (
        "info",
        "all that is decided about a partition is published; its readers open it",
    )
    CATCHING_UP = (
        "warning",
        "the view lives elsewhere than before; partitions show nothing until its sink has read what the log holds",
    )
    RULE_FAILED = ("error", "a rule raised; the entry is held")
    LIBRARY = ("warning", "a library warned; only its message template is kept, never the values")
    GATE_NOT_FRESH = (
        "critical",
        "half of the gate's lease has passed without a new stamp; the partition goes dark, or is",
    )
    WORK_OVERDUE = ("warning", "holds or tasks have come to their due date undecided")
    PROCESS_ENDED = (
        "warning",
        "a process ended by itself, for the reason in its advice; it is started again after these seconds",
    )
    CRASHED = ("critical", "an unexpected error; the process ends and is started again")
    FATAL = ("critical", "going on could lose or leak; the process ends, see the advice")


def log(code: LogCode, **fields: Any) -> None:
    """Write one line to standard error; an unlisted field is a programming error."""
    unlisted = fields.keys() - FIELDS
    if unlisted:
        raise ValueError(f"log fields not in the catalogue: {', '.join(sorted(unlisted))}")
    level, meaning = code.value
    line = {
        "at": SystemClock().now().isoformat(timespec="milliseconds"),
        "process": _process(),
        "level": level,
        "code": code.name,
        "meaning": meaning,
        **fields,
    }
    sys.stderr.write(json.dumps(line, default=str) + "\n")
    sys.stderr.flush()


def _process() -> str:
    """Return this process's name; a log line that says which setting is wrong must not fail for that setting."""
    try:
        return settings().process
    except UsageError:
        return "recordgate"


QUIET_S = 30.0
"""A library's warning is written once in this time, however often it comes."""


class _Libraries(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a library's warning without its arguments, which may quote keys or values."""
        template = str(record.msg)[:200]
        last = self._last.get((record.name, template))
        if last is None or record.created - last >= QUIET_S:
            self._last[record.name, template] = record.created
            log(LogCode.LIBRARY, library=record.name, template=template)


def quiet_libraries() -> None:
    """Send libraries' warnings through this catalogue and drop the rest."""
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)


def where(error: BaseException) -> str:
    """Return `file:line` of the innermost frame; never the message, which may quote a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
