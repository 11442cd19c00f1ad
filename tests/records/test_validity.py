"""A body is valid FHIR where its source is, by HL7's definitions of STU3 and R4."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from recordgate_producers.fhir import extract, parse
from recordgate_producers.fhir.bundle import open_bundle
from recordgate_producers.fhir.types import CONTAINED_FIELDS, KINDS
from recordgate_producers.samples import RECORDS
from recordgate_schemas.entry import ClinicalEntry, ElementKind, Kind, Marker
from recordgate_schemas.errors import PoisonError
from recordgate_streams.bodies.redact import redact
from tests.support.fhir_definitions.filled import NAMED, filled
from tests.support.fhir_definitions.official import JARS
from tests.support.fhir_definitions.validity import Problem, new_problems, problems, rows
from tests.support.shared_data import content, documents, needs_shared_data
from tests.unit.producers.bundles import (
    AT,
    Json,
    bundle,
    entry,
    observation,
    read,
    ref,
    thing,
)
from tests.unit.producers.hostile import victim

FREE_TEXT, ATTACHMENT = ElementKind.FREE_TEXT, ElementKind.ATTACHMENT
RELEASED = sorted(kind for kind, found in KINDS.items() if found is not Kind.ADMIN_TASK)
LEVEL_DROPS = (frozenset({FREE_TEXT}), frozenset({FREE_TEXT, ATTACHMENT}))
"""What the levels below `full` drop, in order; a document is shown only where its attachment is."""

DEFINED = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-Thing"
MARY = {**ref("RelatedPerson/m"), "display": "Mary"}


def _made_invalid(data: bytes) -> set[tuple[str, Problem]]:
    try:
        record = extract(parse(data))
    except PoisonError:
        return set()
    written = open_bundle(orjson.loads(data))
    inside = [one.json for one in written.resources if one.type in CONTAINED_FIELDS]
    found = set()
    for one in record.entries:
        source = written.by_key[one.entry_id.split(":", 2)[2]]
        for problem in new_problems(orjson.loads(one.body), [source.json, *inside]):
            found.add((source.type, problem))
    return found


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*.json")), ids=lambda path: path.name)
def test_no_body_of_a_sample_is_made_invalid(path: Path) -> None:
    assert _made_invalid(path.read_bytes()) == set()


@needs_shared_data
def test_no_body_of_the_published_records_is_made_invalid() -> None:
    files = documents("gpconnect/**/*", "gpconnect-examples/**/*", "synthea-*/**/*")
    assert len(files) > 60
    assert set().union(*(_made_invalid(content(path)) for path in files[::4])) == set()


def _redacted(made: ClinicalEntry) -> Iterator[bytes]:
    """The body as the decider may publish it: below `full`, below `documents`, and without what is not shown."""
    drops = LEVEL_DROPS[:1] if made.kind is Kind.DOCUMENT else LEVEL_DROPS
    pointers = [one.pointer for one in made.elements if one.kind is ElementKind.CHILD]
    for drop in (frozenset[ElementKind](), *drops):
        yield redact(made, made.body, drop, pointers)
        yield redact(made, made.body, drop, pointers[::2])
        yield redact(made, made.body, drop)


def _made_invalid_by_redaction(made: ClinicalEntry) -> set[Problem]:
    body = orjson.loads(made.body)
    changed = {data for data in _redacted(made) if data != made.body}
    return {problem for data in changed for problem in new_problems(orjson.loads(data), [body])}


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*.json")), ids=lambda path: path.name)
def test_redaction_makes_no_body_of_a_sample_invalid(path: Path) -> None:
    record = extract(parse(path.read_bytes()))
    assert [one.entry_id for one in record.entries if _made_invalid_by_redaction(one)] == []


@needs_shared_data
def test_redaction_makes_no_body_of_the_published_records_invalid() -> None:
    tried = 0
    for path in documents("gpconnect/**/*", "gpconnect-examples/**/*", "synthea-*/**/*")[::8]:
        try:
            record = extract(parse(content(path)))
        except PoisonError:
            continue
        tried += len(record.entries)
        assert [one.entry_id for one in record.entries if _made_invalid_by_redaction(one)] == []
    assert tried > 100


@pytest.mark.parametrize("version", JARS)
@pytest.mark.parametrize("kind", RELEASED)
def test_redaction_leaves_valid_whatever_elements_fhir_gives_a_type(
    kind: str, version: str
) -> None:
    if not any(path.startswith(f"{kind}.") for path in rows(version)):
        return  # the type is in the other version only
    for choice in range(3):
        whole = filled(kind, version, choice) | {"id": "x"}
        whole |= {name: ref("Patient/p") for name in ("subject", "patient") if name in whole}
        named = re.findall(r'"reference":"(\w+)/named"', orjson.dumps(whole).decode())
        others = [{"resourceType": one, "id": NAMED} for one in sorted({*named} - {"Patient"})]
        made = entry(extract(bundle(whole, *others)), f"{kind}/x")
        assert FREE_TEXT in {one.kind for one in made.elements}
        assert _made_invalid_by_redaction(made) == set()


def test_what_a_dropped_note_alone_refers_to_goes_with_it() -> None:
    staff = {"resourceType": "Practitioner", "id": "s", "name": [{"family": "Writer"}]}
    other = {"resourceType": "Practitioner", "id": "t", "name": [{"family": "Tester"}]}
    note = [{"text": "x", "authorReference": ref("Practitioner/s")}]
    made = victim(
        read(observation("x", note=note, performer=[ref("Practitioner/t")]), staff, other)
    )
    assert b"Writer" in made.body
    body = redact(made, made.body, frozenset({FREE_TEXT}))
    assert b"Writer" not in body
    assert [one["name"][0]["family"] for one in orjson.loads(body)["contained"]] == ["Tester"]


@pytest.mark.parametrize(
    "fields",
    [
        {"occurrenceString": "about 2003"},
        {"occurrenceDateTime": AT, "protocolApplied": [{"doseNumberString": "second"}]},
    ],
)
def test_when_an_immunisation_was_and_which_is_shown_at_every_level(fields: Json) -> None:
    made = thing("Immunization", "x", status="completed", vaccineCode={"text": "x"}, **fields)
    assert victim(read(made), "Immunization/x").elements == ()


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"extension": [{"url": DEFINED, "valueReference": MARY}]}, None),
        ({"component": [{"_code": {"id": "x"}, "code": {"id": "x"}}]}, None),
        ({"related": [{"target": MARY}], "method": {"text": "x"}}, {"text": "x"}),
    ],
)
def test_what_loses_what_fhir_requires_of_it_is_left_out_whole(
    fields: Json, kept: Json | None
) -> None:
    body = orjson.loads(victim(read(observation("x", **fields))).body)
    assert body.get("method") == kept
    assert {"extension", "component", "related"}.isdisjoint(body)
    assert new_problems(body, [observation("x")]) == frozenset()


def test_a_resource_that_loses_what_fhir_requires_of_it_is_held() -> None:
    code = {"text": "9990000018"}
    assert Marker.UNKNOWN in victim(read(observation("x", code=code))).markers
    status = {"_status": {"id": "x"}, "status": None}
    made = observation("x") | status
    record = read(made)
    assert Marker.UNKNOWN in victim(record).markers
    assert any("FHIR requires it" in one.text for one in record.notices)


def test_what_only_a_part_refers_to_that_is_left_out_is_left_out_with_it() -> None:
    extension = [{"url": "https://other.example/x", "valueReference": ref("#s")}]
    inside = [
        {"resourceType": "Specimen", "id": "s", "parent": [ref("#t")]},
        {"resourceType": "Specimen", "id": "t"},
        {"resourceType": "Device", "id": "d"},
    ]
    made = observation("x", contained=inside, extension=extension, device=ref("#d"))
    body = orjson.loads(victim(read(made)).body)
    assert [one["resourceType"] for one in body["contained"]] == ["Device"]
    assert new_problems(body, [made]) == frozenset()


def test_a_specimen_says_whose_it_is() -> None:
    specimen = {"resourceType": "Specimen", "id": "s", "subject": ref("Patient/p")}
    report = thing("DiagnosticReport", "x", status="final", code={"text": "x"})
    body = orjson.loads(
        victim(
            read(report | {"specimen": [ref("Specimen/s")]}, specimen), "DiagnosticReport/x"
        ).body
    )
    assert body["contained"][0]["subject"] == ref("Patient/self")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"status": None}, Problem("Observation.status", "null")),
        ({"status": 7}, Problem("Observation.status", "not a code")),
        ({"code": [{"text": "x"}]}, Problem("Observation.code", "a list")),
        ({"note": []}, Problem("Observation.note", "empty")),
        ({"method": {}}, Problem("CodeableConcept", "empty")),
        ({"zzz": 1}, Problem("Observation.zzz", "not defined")),
        ({"valueString": "x", "valueBoolean": True}, Problem("Observation.value[x]", "two choices")),
        ({"specimen": ref("#s")}, Problem("Reference.reference", "names nothing contained")),
        ({"specimen": ref("Patient/p")}, Problem("Observation.specimen", "may not name a Patient")),
        ({"specimen": {"type": "Specimen"}}, Problem("Reference", "says nothing")),
        ({"component": [{}]}, Problem("Observation.component.code", "required")),
        ({"extension": [{"url": "x"}]}, Problem("Extension", "value or extensions, one of them")),
        ({"contained": [{"resourceType": "Device", "id": "d"}]}, Problem("contained", "nothing refers to it")),
        ({"contained": [{"resourceType": "Zzz", "id": "d"}]}, Problem("Zzz", "not a known type")),
    ],
)  # fmt: skip
def test_what_is_invalid_is_found(fields: Json, problem: Problem) -> None:
    assert problem in problems(observation("x") | fields, "r4")
    assert problems(observation("x"), "stu3") == problems(observation("x"), "r4") == frozenset()
