"""The largest message of each type that the schemas allow goes into the tables that keep it."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args, get_type_hints

from recordgate_schemas.control import Change, Control
from recordgate_schemas.messages import Held, Released
from tests.support.largest import LARGEST, largest
from tests.support.review import ReviewDatabase
from tests.support.view import ViewDatabase


def test_the_view_holds_the_largest_release_retraction_and_marker(view: ViewDatabase) -> None:
    changes = [largest(one) for one in get_args(get_type_hints(Released)["change"])]
    changes[0] = replace(changes[0], body_sha256=_hash(changes[0].body))
    view.publish(*(largest(Released, change=c, sequence=n) for n, c in enumerate(changes)))
    rows = view.owner.execute("select count(*), max(sequence) from released_entry").fetchone()
    assert rows == (1, 1)
    assert view.owner.execute("select max(decided_through) from audience_gate").fetchone() == (
        LARGEST[int],
    )


def test_the_review_queue_holds_the_largest_hold_and_task(review: ReviewDatabase) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    for n, change in enumerate(get_args(get_type_hints(Held)["change"])):
        review.publish(largest(Held, change=largest(change), sequence=n, at=at))
    [(state, size)] = review.owner.execute("select state, octet_length(entry_id) from hold")
    assert (state, size) == ("closed", 255)
    assert review.owner.execute("select count(*) from task").fetchone() == (1,)


def test_the_gate_holds_the_largest_control_whatever_it_changes(view: ViewDatabase) -> None:
    for change in get_args(Change):
        small = {"entry_ids": ()} if "entry_ids" in change.__dataclass_fields__ else {}
        made = largest(Control, change=largest(change, **small))
        view.control(made.change, made.nhs_number, effective=made.effective_at)
    [(longest,)] = view.owner.execute("select max(octet_length(entry_id)) from entry_gate")
    assert longest == 255


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
