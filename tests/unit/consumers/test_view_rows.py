"""What a released message becomes as a row of the view."""

import dataclasses

from recordgate_consumers.rows import columns, newest_rows
from recordgate_consumers.view.rows import entry_row, is_broken
from recordgate_schemas.messages import Release
from tests.support.consumers import BODY, NOW, patient, redecided, release, retract

P = patient(1)


def test_a_release_becomes_a_row_with_its_body() -> None:
    row = entry_row(release(7, P, under=3))
    assert row is not None
    assert (row.sequence, row.decided_under, row.body, row.kind) == (7, 3, BODY, "observation")


def test_a_row_ends_when_its_decision_does() -> None:
    rows = [entry_row(release(7, P, valid_until=until)) for until in (NOW, None)]
    assert [row.valid_until for row in rows if row is not None] == [NOW, None]


def test_a_retraction_becomes_a_row_with_nothing_clinical() -> None:
    row = entry_row(retract(8, P, under=4))
    assert row is not None
    assert (row.sequence, row.decided_under) == (8, 4)
    clinical = (
        row.version,
        row.kind,
        row.event_date,
        row.recorded_at,
        row.redacted,
        row.valid_until,
    )
    assert {*clinical, row.body, row.body_type, row.body_sha256} == {None}


def test_a_body_that_is_not_the_one_decided_on_becomes_a_retraction() -> None:
    row = entry_row(release(9, P, sha256=b"\0" * 32))
    assert row is not None
    assert (row.sequence, row.body) == (9, None)


def test_a_body_type_postgres_cannot_store_is_broken() -> None:
    change = release(1, P).change
    assert isinstance(change, Release)
    assert is_broken(dataclasses.replace(change, body_type="a\0b"))


def test_a_marker_is_no_row() -> None:
    assert entry_row(redecided(1, P, 5)) is None


def test_of_one_entry_in_a_batch_the_highest_sequence_number_wins_in_any_order() -> None:
    rows = [
        entry_row(m) for m in (release(3, P), retract(5, P), release(4, P), release(2, P, "e2"))
    ]
    newest = newest_rows(row for row in rows if row is not None)
    assert [(row.entry_id, row.sequence) for row in newest] == [("e1", 5), ("e2", 2)]


def test_columns_turn_rows_on_their_side() -> None:
    row = entry_row(release(3, P))
    assert row is not None
    turned = columns([row, row])
    assert turned["sequence"] == [3, 3]
    assert turned["body"] == [BODY, BODY]


def test_a_row_does_not_print_its_patient_or_content() -> None:
    shown = repr(entry_row(release(3, P)))
    assert P.digits not in shown
    assert "Blood" not in shown
