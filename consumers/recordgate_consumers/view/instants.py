"""The broker's own time of a record."""

from datetime import UTC, datetime, timedelta

from recordgate_runtime.kafka import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def broker_time(record: Record) -> datetime:
    """Return when the broker took the record (topics use LogAppendTime)."""
    return _EPOCH + timedelta(milliseconds=record.timestamp_ms)
