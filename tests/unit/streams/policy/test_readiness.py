"""How long an abnormal result is deferred, and from when that counts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from recordgate_schemas.entry import Marker
from recordgate_schemas.reasons import Reason
from tests.support.builders import NOW, RULESET, case, decide, entry

THREE_DAYS = replace(
    RULESET.settings, numbers=replace(RULESET.settings.numbers, abnormal_delay_days=3)
)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"available_at": NOW - timedelta(days=2)}, True),
        ({"available_at": NOW - timedelta(days=3)}, False),
        ({"available_at": None, "recorded_at": NOW - timedelta(days=2)}, True),
        ({"available_at": None, "recorded_at": NOW - timedelta(days=3)}, False),
        ({"available_at": NOW, "recorded_at": NOW - timedelta(days=3)}, True),
        ({"available_at": None, "recorded_at": None}, True),
        (
            {"available_at": None, "recorded_at": None, "extracted_at": NOW - timedelta(days=3)},
            False,
        ),
        ({"available_at": NOW, "markers": ()}, False),
    ],
)
def test_an_abnormal_result_waits_from_when_it_was_available_else_recorded_else_extracted(
    fields: dict[str, Any], *, waits: bool
) -> None:
    result = entry(**{"markers": (Marker.ABNORMAL,), **fields})
    objections = decide(case(entry=result, settings=THREE_DAYS)).objections
    assert (Reason.DELAYED in {o.reason for o in objections}) is waits
