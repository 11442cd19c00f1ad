"""What an arriving version turns out to be, and whether its body is what the envelope says."""

from typing import Any

import pytest

from recordgate_schemas.entry import Kind
from recordgate_streams.accept import Arrival, body_lies, classify
from tests.support.builders import NOW, entry, label, stored

TABLE = [
    # who arrives                          what is stored   what arrives                   is        conflict
    ("a first version", None, {}, Arrival.ACCEPTED, False),
    ("a higher version", {}, {"version": 2}, Arrival.ACCEPTED, False),
    ("a lower version", {"version": 3}, {"version": 2}, Arrival.SUPERSEDED, False),
    ("the same again", {}, {}, Arrival.DUPLICATE, False),
    ("the same, extracted later", {}, {"extracted_at": NOW}, Arrival.DUPLICATE, False),
    ("the same version, other body", {}, {"body": b"{}"}, Arrival.SUPERSEDED, True),
    ("the same version, other kind", {}, {"kind": Kind.PROBLEM}, Arrival.SUPERSEDED, True),
    ("the same version, a label more", {}, {"labels": label("V")}, Arrival.SUPERSEDED, True),
    ("an old version, other body", {"version": 2}, {"body": b"{}"}, Arrival.SUPERSEDED, False),
]


@pytest.mark.parametrize(
    ("known", "new", "arrival", "conflict"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE]
)
def test_an_arrival_is(known: Any, new: Any, arrival: Arrival, *, conflict: bool) -> None:
    before = None if known is None else stored(entry=entry(**known))
    assert (arrival, conflict) == classify(before, entry(**new))


def test_an_envelope_loaded_without_its_body_still_recognises_its_repetition() -> None:
    without_body = stored(entry=entry(body_sha256=entry().body_sha256, body=b""))
    assert classify(without_body, entry()) == (Arrival.DUPLICATE, False)


NOPAT_BODY = b'{"meta":{"security":[{"code" : "NOPAT"}]}}'
BODIES = [
    ("honest", entry(), False),
    ("hash of another body", entry(body_sha256=b"\0" * 32), True),
    ("NOPAT inside only", entry(body=NOPAT_BODY), True),
    ("NOPAT inside and on the envelope", entry(body=NOPAT_BODY, labels=label("NOPAT")), False),
    ("the word NOPAT in a text", entry(body=b'{"text":"NOPAT"}'), False),
]


@pytest.mark.parametrize(("arrived", "lies"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_a_body_lies_when_it_is_not_what_the_envelope_says(arrived: Any, *, lies: bool) -> None:
    assert lies is body_lies(arrived)
