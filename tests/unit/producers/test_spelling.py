"""Numbers, labels and codes count however they are written; ordinary digits are nobody's."""

import base64
from typing import Any

import pytest

from recordgate_producers.fhir.spelling import numbers_alone, numbers_in_words
from tests.unit.producers.bundles import NUMBER, Json, observation, read, thing
from tests.unit.producers.decided import outcomes
from tests.unit.producers.hostile import SURVIVOR, is_held, shown, survivor_is_untouched, victim

OTHER = "9990000026"
DEFINED = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-Thing"

SPELLED = [
    "9990000026", "999 000 0026", "999/000/0026", "999_000_0026", "999,000,0026", "(999) 000 0026", "999 - 000 - 0026",
    "999   000   0026", "999\u2022000\u20220026", "999\u2212000\u22120026", "999'000'0026", "999\u00ad000\u00ad0026",
    "999\u200b000\u200b0026", "999\n000\n0026", "99900 00026", "9990 000 026", "99 90 00 00 26", "999 00 00026",
    "9 9 9 0 0 0 0 0 2 6", "999.0000.026", "x9990000026", "PID9990000026", "No9990000026", "9990000026th",
    "NHSNumber9990000026", "999OOO0026", "999ooo0026", "\u0669\u0669\u0669\u0660\u0660\u0660\u0660\u0660\u0662\u0666",
    "\u096f\u096f\u096f\u0966\u0966\u0966\u0966\u0966\u0968\u096c", "\uff19\uff19\uff190000026", "&#57;990000026",
]  # fmt: skip
ORDINARY = [
    "02-03-2026 09:30", "2026-03-02T09:00:00.123+00:00", "call 01632 960 011", "+44 1632 960011", "+9990000026",
    "09990000026", "120/80 118/76 122/80 119", "64.28415876", "10 20 30 40 50 60", "999000002", "99900000261",
    "123e4567-e89b-12d3-a456-426614174000", "2FE2854DCF584AEE8F7125A9990000026B4DFB876D5396378506C6",
]  # fmt: skip


@pytest.mark.parametrize("written", SPELLED)
def test_another_patients_number_in_words_is_found(written: str) -> None:
    assert OTHER in numbers_in_words(f"about {written} today")
    record = read(observation("x", note=[{"text": f"about {written} today"}]), SURVIVOR)
    assert is_held(victim(record))
    assert survivor_is_untouched(record)


@pytest.mark.parametrize("written", ORDINARY)
def test_other_digits_are_no_number_of_anybody(written: str) -> None:
    assert OTHER not in [*numbers_in_words(written), *numbers_alone(written)]
    assert not is_held(victim(read(observation("x", note=[{"text": written}]))))


OWN = [
    one.replace("26", "18").replace("2 6", "1 8").replace("\u0662\u0666", "\u0661\u0668")
    for one in SPELLED[:28]
]


@pytest.mark.parametrize("written", OWN)
def test_the_patients_own_number_is_in_no_body(written: str) -> None:
    made = victim(read(observation("x", note=[{"text": f"my {written}"}])))
    assert is_held(made)
    assert "my " not in shown(made)


def test_the_patients_own_number_is_in_no_address_of_a_profile() -> None:
    profiles = [f"https://x.example/{NUMBER}", "https://x.example/plain|1.0"]
    made = victim(read(observation("x", meta={"profile": profiles})))
    assert NUMBER not in shown(made)
    assert "plain|1.0" in shown(made)
    assert is_held(made)


@pytest.mark.parametrize(
    "fields",
    [
        {"valueSampledData": {"origin": {"value": 1}, "period": 1, "dimensions": 1, "data": OTHER}},
        {"effectivePeriod": {"start": OTHER}},
        {"extension": [{"url": DEFINED, "valueCanonical": f"https://x.example/{OTHER}|1"}]},
        {"extension": [{"url": DEFINED, "valueOid": f"urn:oid:2.16.840.1.113883.2.1.4.1.{OTHER}"}]},
        {"extension": [{"url": DEFINED, "valueBase64Binary": base64.b64encode(OTHER.encode()).decode()}]},
        {"valueQuantity": {"value": 9990000026.0}},
    ],
)  # fmt: skip
def test_another_patients_number_is_found_in_whatever_element(fields: Json) -> None:
    assert is_held(victim(read(observation("x", **fields))))


def test_the_number_of_a_question_is_read() -> None:
    item = [{"linkId": OTHER, "answer": [{"valueString": "x"}]}]
    made = thing("QuestionnaireResponse", "x", status="completed", authored="2026-03-02", item=item)
    assert is_held(victim(read(made), "QuestionnaireResponse/x"))


def test_an_identifier_may_look_like_one_by_chance() -> None:
    identifier = [{"system": "https://x.example/ids", "value": "E4DFB9990000026C6"}]
    assert not is_held(victim(read(observation("x", identifier=identifier))))


def attached(words: bytes, **fields: Any) -> Json:
    attachment = {"data": base64.b64encode(words).decode(), **fields}
    content = [{"attachment": {key: value for key, value in attachment.items() if value}}]
    dates = {"docStatus": "final", "indexed": "2026-03-02T09:00:00Z"}
    return thing("DocumentReference", "x", status="current", content=content, **dates)


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (b"about 9990000026", {"contentType": "application/xml"}),
        (b'{"about": "9990000026"}', {"contentType": "application/fhir+json"}),
        (b"about 9990000026", {}),
        (b"about \xa3 9990000026", {"contentType": "text/plain"}),
        (b"<p>999<b>000</b>0026</p>", {"contentType": "text/html"}),
        ("about 9990000026".encode("utf-16"), {"contentType": "text/plain; charset=utf-16"}),
        (b"", {"url": "data:text/plain;base64," + base64.b64encode(b"of 9990000026").decode()}),
        (b"", {"url": "data:,of%209990000026"}),
        (b"", {"url": "data:text/plain,of%20999%20000%200026"}),
    ],
)
def test_another_patients_number_in_an_attached_text_is_found(words: bytes, fields: Json) -> None:
    assert is_held(victim(read(attached(words, **fields)), "DocumentReference/x"))


@pytest.mark.parametrize(
    "words", [b"%PDF-1.4\n9990000026 00000 n", b"\xff\xd8\xff 9990000026", b"Dear Ms Archer"]
)
def test_what_is_no_text_is_not_read_as_one(words: bytes) -> None:
    assert not is_held(victim(read(attached(words)), "DocumentReference/x"))


@pytest.mark.parametrize(
    "code",
    ["NOPAT", " nopat", "NO\u200bPAT", "\uff2e\uff2f\uff30\uff21\uff34", "http://hl7.org/fhir/v3/ActCode|NOPAT",
     "http://hl7.org/fhir/v3/ActCode#NOPAT"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["label", "category", "extension"])
def test_nopat_hides_however_it_is_written(code: str, where: str) -> None:
    spelled: dict[str, Json] = {
        "label": {"meta": {"security": [{"code": code}]}},
        "category": {"category": [{"coding": [{"code": code}]}]},
        "extension": {"extension": [{"url": DEFINED, "valueString": code}]},
    }
    found = outcomes(read(observation("x", **spelled[where]), SURVIVOR))
    assert found == {"x": "WITHHELD SOURCE_NOPAT", "survivor": "RELEASED"}


@pytest.mark.parametrize(
    "system",
    ["http://terminology.hl7.org/CodeSystem/v3-Confidentiality|2.0", "http://hl7.org/fhir/v3/Confidentiality/",
     "urn:oid:2.16.840.1.113883.5.25"],
)  # fmt: skip
def test_a_label_in_a_tag_is_one_in_every_spelling_of_its_system(system: str) -> None:
    tagged = observation("x", meta={"tag": [{"system": system, "code": "V"}]})
    assert outcomes(read(tagged, SURVIVOR)) == {"x": "HELD CONF", "survivor": "RELEASED"}


CONCERN = "836881000000105"
CODED: list[Json] = [
    {"code": {"coding": [{"code": "836881000000\u200b105"}]}},
    {"code": {"coding": [{"code": "\uff18\uff13\uff16881000000105"}]}},
    {"code": {"coding": [{"code": f"{CONCERN}|Child is cause for concern|"}]}},
    {"code": {"coding": [{"code": f"{CONCERN}:246112005=24484000"}]}},
    {"code": {"coding": [{"code": f"243796009:246090004={CONCERN}"}]}},
    {"code": {"coding": [{"code": f"http://snomed.info/id/{CONCERN}"}]}},
    {"code": {"text": CONCERN}},
    {"extension": [{"url": DEFINED, "valueCode": CONCERN}]},
    {"extension": [{"url": DEFINED, "valueUri": f"http://snomed.info/sct/{CONCERN}"}]},
    {"valueQuantity": {"value": 1, "code": CONCERN}},
]


@pytest.mark.parametrize("fields", CODED)
def test_a_sensitive_code_counts_however_it_is_written(fields: Json) -> None:
    found = outcomes(read(observation("x", **fields), SURVIVOR))
    assert found == {"x": "HELD SAFEGUARDING", "survivor": "RELEASED"}
