"""What docs/performance.md says of the size of a tick."""

from kafka.record.default_records import DefaultRecordBatchBuilder

from recordgate_schemas import codec
from recordgate_schemas.topics import CONTROLS
from tests.support.sources import ROOT


def test_a_tick_takes_as_many_bytes_as_the_page_about_performance_says() -> None:
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1024)
    batch.append(0, timestamp=0, key=None, value=codec.tick(CONTROLS), headers=[])
    page = (ROOT / "docs/performance.md").read_text("utf-8")
    assert f"of its own on `controls`: {len(batch.build())} bytes" in page
