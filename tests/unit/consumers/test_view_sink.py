"""What released messages become as columns of the view."""

from dataclasses import replace

import pytest

from recordgate_consumers.view.view_sink import entry_columns, read_released
from recordgate_schemas.messages import Released, Retract
from tests.support.consumers import (
    BODY,
    NOW,
    patient,
    published,
    redecided,
    release,
    retract,
)

P = patient(1)
CLINICAL = ("version", "kind", "event_date", "recorded_at", "redacted", "valid_until", "body")


def test_a_release_becomes_a_row_with_its_body() -> None:
    row = entry_columns([(0, release(7, P, under=3))])
    values = [row[name] for name in ("sequence", "decided_under", "body", "kind")]
    assert values == [[7], [3], [BODY], ["observation"]]


def test_a_row_ends_when_its_decision_does() -> None:
    messages = [release(7, P, valid_until=NOW), release(8, P, "e2", valid_until=None)]
    assert entry_columns([(0, m) for m in messages])["valid_until"] == [NOW, None]


def test_a_retraction_becomes_a_row_with_nothing_clinical() -> None:
    row = entry_columns([(0, retract(8, P, under=4))])
    assert (row["sequence"], row["decided_under"]) == ([8], [4])
    assert all(row[name] == [None] for name in (*CLINICAL, "body_type", "body_sha256"))


def test_a_body_that_is_not_the_one_decided_on_becomes_a_retraction(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = read_released(published(release(9, P, sha256=b"\0" * 32), offset=0))
    assert isinstance(message, Released)
    assert message.sequence == 9
    assert isinstance(message.change, Retract)
    assert "POISON_SKIPPED" in capsys.readouterr().err


def test_a_body_type_that_postgresql_cannot_store_is_no_message() -> None:
    record = published(release(1, P), offset=0)
    odd = (record.value or b"").replace(b"application/fhir+json", b"application/fhir\0json")
    assert odd != record.value
    assert read_released(replace(record, value=odd)) is None


def test_a_marker_is_no_row() -> None:
    assert entry_columns([(0, redecided(1, P, 5))]) == {}


def test_of_one_entry_in_a_batch_the_highest_sequence_number_wins_in_any_order() -> None:
    messages = [release(3, P), retract(5, P), release(4, P), release(2, P, "e2")]
    row = entry_columns([(0, m) for m in messages])
    assert (row["entry_id"], row["sequence"], row["body"]) == (["e1", "e2"], [5, 2], [None, BODY])
