"""What the three topic readers share: decode a record or report it, keep the newest row per key."""

from collections.abc import Iterable
from typing import Any

from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import POISON
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.messages import IncarnationMessage
from recordgate_schemas.topics import Topic

Row = tuple[Any, ...]
Columns = dict[str, list[object]]


def decode_or_report(topic: Topic, record: Record) -> Any:
    """Return the record's message; None, reported, when it cannot be decoded or is not where its patient's lie.

    Its sequence number stays open: markers wait for it, and that raises an alert.
    """
    try:
        message = codec.decode(topic, record.value)
    except PoisonError:
        report_poison(topic, record, LogCode.POISON_SKIPPED)
        return None
    if not _is_at_home(record, message):
        report_poison(topic, record, LogCode.MISROUTED)
        return None
    return message


def _is_at_home(record: Record, message: Any) -> bool:
    if isinstance(message, IncarnationMessage):
        return message.partition == record.partition
    return record.is_about(message.nhs_number)


def report_poison(topic: Topic, record: Record, code: LogCode) -> None:
    """Count and log a record that cannot be used; only its coordinates are named."""
    POISON.labels(topic.name).inc()
    log(code, topic=topic.name, partition=record.partition, offset=record.offset)


def newest(rows: Iterable[Row], key: int) -> list[Row]:
    """Return one row per key, the one with the highest sequence number, in key order.

    The first `key` columns are the key, the next one is the sequence number of the row's message.
    """
    by_key: dict[Row, Row] = {}
    for row in sorted(rows, key=lambda row: row[key], reverse=True):
        by_key.setdefault(row[:key], row)
    return [by_key[k] for k in sorted(by_key)]
