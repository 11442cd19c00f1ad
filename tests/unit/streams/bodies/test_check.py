"""Whether a body is what its envelope describes."""

import base64

import pytest

from recordgate_schemas.entry import ClinicalEntry, Element, ElementKind
from recordgate_streams.bodies.check import body_mismatch
from tests.support.builders import entry, label


def text(pointer: str) -> Element:
    return Element(ElementKind.FREE_TEXT, pointer)


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


@pytest.mark.parametrize(
    ("arrived", "mismatch"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES]
)
def test_a_body_mismatch_is_found(arrived: ClinicalEntry, *, mismatch: bool) -> None:
    assert body_mismatch(arrived) is mismatch
