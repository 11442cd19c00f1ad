"""A full listing of a large record: what it misses is gone, what it lists stays, and the work grows with its length."""

from dataclasses import replace
from typing import Any

import pytest

from recordgate_schemas.bounds import MOST_ITEMS
from recordgate_schemas.control import RecordSnapshot
from recordgate_schemas.values import EntryId
from recordgate_streams.ledger.records import SQL
from recordgate_streams.ledger.rows import stored
from tests.support.builders import NHS_NUMBER, PRACTICE, access, control, entry, registered
from tests.support.ledger import Ledger


@pytest.fixture
def snapshotted(ledger: Ledger) -> Ledger:
    """Two entries; a snapshot of the greatest length lists one of them."""
    ledger.say(registered(), access())
    first = entry(entry_id=EntryId("e-listed"))
    ledger.publish(first, entry(entry_id=EntryId("e-missed")))
    ids = (*(EntryId(f"x{n:06}") for n in range(MOST_ITEMS - 1)), first.entry_id)
    ledger.say(_listing(first, ids))
    return ledger


def _listing(first: Any, ids: tuple[EntryId, ...]) -> Any:
    listing = control(RecordSnapshot(PRACTICE, first.system, tuple(sorted(ids))))
    return replace(listing, effective_at=first.extracted_at)


def test_what_the_longest_listing_misses_is_gone_and_what_it_lists_stays(
    snapshotted: Ledger,
) -> None:
    assert snapshotted.outcome("e-missed") == ("WITHHELD", "GONE_AT_SOURCE")
    assert snapshotted.outcome("e-listed")[0] == "RELEASED"
    snapshotted.publish(entry(entry_id=EntryId("e-late")))
    assert snapshotted.outcome("e-late") == ("WITHHELD", "GONE_AT_SOURCE")


def test_a_listing_is_hashed_once_and_not_searched_for_every_entry(
    snapshotted: Ledger,
) -> None:
    values = {
        "nhs_numbers": [stored(NHS_NUMBER)],
        "entry_ids": ["e-listed"],
        "practices": [PRACTICE],
        "systems": [entry().system],
    }
    explained = b"explain verbose " + SQL["gone_at_source"].encode()
    rows = snapshotted.owner.execute(explained, values).fetchall()
    plan = "\n".join(line for (line,) in rows)
    assert "hashed SubPlan" in plan, plan
