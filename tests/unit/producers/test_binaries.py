"""A Binary is what an attachment says, and is published in it; it is no entry of its own."""

import base64

import orjson
import pytest

from recordgate_producers.fhir import extract
from recordgate_producers.fhir.report import ResourceOutcome
from recordgate_producers.fhir.types import MOST_CONTENT
from recordgate_schemas.entry import ClinicalEntry, ElementKind
from tests.support.fhir_definitions.validity import new_problems
from tests.unit.producers.bundles import Json, bundle, entry, nopat, read, ref, thing
from tests.unit.producers.decided import outcomes
from tests.unit.producers.hostile import SURVIVOR, is_held, survivor_is_untouched

R4 = {"resourceType": "Binary", "id": "b", "contentType": "application/pdf", "data": "eA=="}
STU3 = {"resourceType": "Binary", "id": "b", "contentType": "application/pdf", "content": "eA=="}


def letter(url: str | None, **attachment: str) -> Json:
    content = [{"attachment": {"title": "Letter", **({"url": url} if url else {}), **attachment}}]
    made = {"status": "current", "docStatus": "final", "indexed": "2026-03-02T09:00:00Z"}
    return thing("DocumentReference", "d", **made, type={"text": "Letter"}, content=content)


def text(words: str, **fields: object) -> Json:
    data = base64.b64encode(words.encode()).decode()
    return {**R4, "contentType": "text/plain; charset=utf-8", "data": data, **fields}


def document(*resources: Json) -> ClinicalEntry:
    return entry(read(*resources, SURVIVOR), "DocumentReference/d")


def attachment(made: ClinicalEntry) -> Json:
    found: Json = orjson.loads(made.body)["content"][0]["attachment"]
    return found


@pytest.mark.parametrize(
    "url", ["Binary/b", " Binary/b", "Binary/b/_history/1", "urn:uuid:b", "binary/B"]
)
@pytest.mark.parametrize("binary", [R4, STU3])
def test_a_documents_content_is_in_it_and_is_no_entry(url: str, binary: Json) -> None:
    record = read(binary, letter(url), SURVIVOR)
    assert outcomes(record) == {"d": "RELEASED", "survivor": "RELEASED"}
    made = entry(record, "DocumentReference/d")
    assert attachment(made) == {
        "title": "Letter", "contentType": "application/pdf", "data": "eA==",
    }  # fmt: skip
    assert [one.pointer for one in made.elements if one.kind is ElementKind.ATTACHMENT] == [
        "/content/0"
    ]
    reported = {one.type: one.outcome for one in record.resources}
    assert reported["Binary"] is ResourceOutcome.CONTAINED
    assert new_problems(orjson.loads(made.body), [letter(None), letter(url)]) == frozenset()


def test_a_reports_form_is_in_it() -> None:
    form = [{"url": "Binary/b"}]
    report = thing("DiagnosticReport", "r", status="final", code={"text": "x"}, presentedForm=form)
    body = orjson.loads(entry(read(R4, report), "DiagnosticReport/r").body)
    assert body["presentedForm"] == [{"contentType": "application/pdf", "data": "eA=="}]


@pytest.mark.parametrize(
    ("url", "there"),
    [
        (None, R4),
        ("Binary/other", R4),
        ("https://other.example/fhir/Binary/b", R4),
        ("Binary/b", {**R4, "data": "eA==" * (MOST_CONTENT // 4 + 1)}),
        ("Binary/b", {key: R4[key] for key in R4 if key != "data"}),
        ("Binary/b", {**R4, "data": 7}),
    ],
)
def test_what_nothing_here_names_or_is_too_large_is_not_published(
    url: str | None, there: Json
) -> None:
    record = read(there, letter(url), SURVIVOR)
    assert {one.entry_id.split("/")[-1] for one in record.entries} == {"d", "survivor"}
    assert "data" not in attachment(entry(record, "DocumentReference/d"))
    assert attachment(entry(record, "DocumentReference/d")).get("url") == url
    (reported,) = [one for one in record.resources if one.type == "Binary"]
    assert (reported.outcome, bool(reported.reason)) == (ResourceOutcome.SKIPPED, True)


def test_a_documents_own_content_stays_its_own() -> None:
    assert attachment(document(R4, letter("Binary/b", data="eHg=")))["data"] == "eHg="


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "GET"])
def test_what_the_bundle_does_not_hand_over_is_not_shown(method: str) -> None:
    made = bundle(R4, letter("Binary/b"))
    made["entry"][2]["request"] = {"method": method, "url": "Binary/b"}
    assert "data" not in attachment(entry(extract(made), "DocumentReference/d"))


@pytest.mark.parametrize(
    "binary",
    [
        text("about 999 000 0026"),
        {**text(""), "data": None, "content": text("NHS 9990000026")["data"]},
        {**R4, "securityContext": ref("Patient/z")},
        {**R4, "securityContext": ref("RelatedPerson/z")},
        {**R4, "implicitRules": "https://rules.example"},
        {**R4, "zzz": "x"},
    ],
)
def test_what_its_content_says_holds_the_document(binary: Json) -> None:
    record = read(binary, letter("Binary/b"), SURVIVOR)
    assert is_held(entry(record, "DocumentReference/d"))
    assert survivor_is_untouched(record)


def test_two_binaries_with_one_id_hold_the_document() -> None:
    assert is_held(document(R4, {**R4, "data": "eHg="}, letter("Binary/b")))


def test_its_own_patients_binary_holds_nothing() -> None:
    assert not is_held(
        document(text("Dear Sir", securityContext=ref("Patient/p")), letter("Binary/b"))
    )


def test_a_labelled_binary_hides_its_document_and_is_nowhere_else() -> None:
    record = read(nopat(R4), letter("Binary/b"), SURVIVOR)
    assert outcomes(record) == {"d": "WITHHELD SOURCE_NOPAT", "survivor": "RELEASED"}
