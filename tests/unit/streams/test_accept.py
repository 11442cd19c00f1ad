"""What an arriving version turns out to be, and whether its body is what the envelope says."""

import base64
from typing import Any

import pytest

from recordgate_schemas.entry import Element, ElementKind, Kind
from recordgate_streams.decider.accept import Arrival, body_lies, classify, merge
from tests.support.builders import NOW, entry, label


def text(pointer: str) -> Element:
    return Element(ElementKind.FREE_TEXT, pointer)


TABLE = [
    # who arrives                          what is stored   what arrives                   is
    ("a first version", None, {}, Arrival.ACCEPTED),
    ("a higher version", {}, {"version": 2}, Arrival.ACCEPTED),
    ("a lower version", {"version": 3}, {"version": 2}, Arrival.SUPERSEDED),
    ("the same again", {}, {}, Arrival.DUPLICATE),
    ("the same, extracted later", {}, {"extracted_at": NOW}, Arrival.DUPLICATE),
    ("the same version, other body", {}, {"body": b"{}"}, Arrival.SUPERSEDED),
    ("the same version, other kind", {}, {"kind": Kind.PROBLEM}, Arrival.SUPERSEDED),
    ("the same version, a label more", {}, {"labels": label("V")}, Arrival.SUPERSEDED),
    ("an old version, other body", {"version": 2}, {"body": b"{}"}, Arrival.SUPERSEDED),
]


@pytest.mark.parametrize(
    ("known", "new", "arrival"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE]
)
def test_an_arrival_is(known: Any, new: Any, arrival: Arrival) -> None:
    before = None if known is None else entry(**known)
    assert arrival is classify(before, entry(**new))


def test_an_envelope_loaded_without_its_body_still_recognises_its_repetition() -> None:
    without_body = entry(body_sha256=entry().body_sha256, body=b"")
    assert Arrival.DUPLICATE is classify(without_body, entry())


def test_of_two_contents_the_same_one_counts_in_either_order() -> None:
    one, other = entry(labels=label("V")), entry(kind=Kind.PROBLEM, extracted_at=NOW)
    assert merge(one, other) == merge(other, one)
    assert (merge(one, other).extracted_at, merge(one, one)) == (NOW, one)


NOPAT_BODY = b'{"meta":{"security":[{"code" : "NOPAT"}]}}'
PLAIN = b'{"resourceType":"Observation","note":[{"text":"Seen"}]}'
ATTACHED = base64.b64encode(b'<Observation><code value="NOPAT"/></Observation>')
SPELLS_IT = b'{"content":[{"attachment":{"data":"AAAANOPATAAA"}}]}'
BODIES = [
    ("honest", entry(), False),
    ("hash of another body", entry(body_sha256=b"\0" * 32), True),
    ("NOPAT inside only", entry(body=NOPAT_BODY), True),
    ("NOPAT inside and on the envelope", entry(body=NOPAT_BODY, labels=label("NOPAT")), False),
    ("the word NOPAT in a text", entry(body=b'{"text":"NOPAT"}'), False),
    ("NOPAT as a word among others", entry(body=b'{"text":"said \\"code\\": \\"NOPAT\\""}'), False),
    ("NOPAT in escapes", entry(body=b'{"security":[{"code":"\\u004eOPAT"}]}'), True),
    ("nopat in small letters", entry(body=b'{"security":[{"code":" nopat "}]}'), True),
    ("NOPAT under a doubled key", entry(body=b'{"code":"NOPAT","code":"X"}'), True),
    ("NOPAT as an inline label", entry(body=b'{"extension":[{"valueCode":"NOPAT"}]}'), True),
    ("NOPAT in an attached document", entry(body=b'{"data":"' + ATTACHED + b'"}'), True),
    ("base64 that spells NOPAT", entry(body=SPELLS_IT), False),
    ("a whole body in base64", entry(body=base64.b64encode(NOPAT_BODY)), True),
    ("no JSON", entry(body=b"<Observation/>"), True),
    ("JSON that is no object", entry(body=b"[]"), True),
    ("another type", entry(body=PLAIN, body_type="application/xml"), True),
    ("an element that is not there", entry(body=PLAIN, elements=(text("/note/1"),)), True),
    ("an element that is there", entry(body=PLAIN, elements=(text("/note/0"),)), False),
]


@pytest.mark.parametrize(("arrived", "lies"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_a_body_lies_when_it_is_not_what_the_envelope_says(arrived: Any, *, lies: bool) -> None:
    assert lies is body_lies(arrived)
