"""Hides carried by a record: who is hidden with whom, who stays, and that no label is ever lost."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordgate_producers.fhir import extract
from tests.unit.producers.bundles import (
    ACT_CODE,
    AT,
    bundle,
    encounter,
    entry,
    extract_of,
    hidden,
    hide_roots,
    listing,
    nopat,
    observation,
    patient,
    read,
    ref,
    thing,
)
from tests.unit.producers.decided import outcomes

R4_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CDA_SYSTEM = "2.16.840.1.113883.4.642.3.47"


@pytest.mark.parametrize("system", [ACT_CODE, R4_SYSTEM, CDA_SYSTEM, "https://nobody.example", ""])
def test_nopat_hides_whatever_its_system_and_the_system_is_kept(system: str) -> None:
    record = read(nopat(observation("a"), system), observation("b"))
    assert hidden(record) == {"Observation/a"}
    assert [label.system for label in entry(record, "Observation/a").labels] == [system]


def test_a_hidden_consultation_takes_its_children_and_lists_and_spares_the_next_one() -> None:
    record = read(
        nopat(encounter("hidden")),
        observation("child", context=ref("Encounter/hidden")),
        observation("by-r4-field", encounter=ref("Encounter/hidden")),
        thing(
            "DocumentReference",
            "letter",
            status="current",
            context={"encounter": ref("Encounter/hidden")},
        ),
        listing("outer", "List/inner", encounter=ref("Encounter/hidden")),
        listing("inner", "Observation/listed-only"),
        observation("listed-only"),
        encounter("open"),
        observation("survivor", context=ref("Encounter/open")),
    )
    assert hidden(record) == {
        "Encounter/hidden", "Observation/child", "Observation/by-r4-field",
        "DocumentReference/letter", "List/outer", "List/inner", "Observation/listed-only",
    }  # fmt: skip
    assert set(hide_roots(record)) == {"Encounter/hidden"}
    assert hide_roots(record)["Encounter/hidden"] == hidden(record) - {"Encounter/hidden"}


def test_a_hidden_child_spares_its_consultation_and_its_siblings() -> None:
    record = read(
        encounter("e"),
        nopat(observation("child", context=ref("Encounter/e"))),
        observation("sibling", context=ref("Encounter/e")),
    )
    assert hidden(record) == {"Observation/child"}
    assert hide_roots(record) == {"Observation/child": {"Encounter/e"}}


def members(*names: str) -> list[dict[str, Any]]:
    return [{"type": "has-member", "target": ref(f"Observation/{name}")} for name in names]


@pytest.mark.parametrize("labelled", ["head", "upper", "lower"])
def test_one_labelled_part_hides_a_battery(labelled: str) -> None:
    parts = [
        observation("head", related=members("upper", "lower")),
        observation("upper"),
        observation("lower"),
    ]
    record = read(
        *(nopat(one) if one["id"] == labelled else one for one in parts), observation("other")
    )
    assert hidden(record) == {"Observation/head", "Observation/upper", "Observation/lower"}


def test_a_labelled_component_hides_its_battery() -> None:
    component = {"code": {"coding": [{"system": ACT_CODE, "code": "NOPAT"}]}}
    assert hidden(read(observation("bp", component=[component]))) == {"Observation/bp"}


def test_a_laboratory_groups_label_covers_its_results_but_a_results_label_spares_group_and_report() -> (
    None
):
    def group(labelled: str) -> set[str]:
        made = [
            thing("DiagnosticReport", "r", status="final", result=[ref("Observation/g")]),
            observation("g", hasMember=[ref("Observation/one"), ref("Observation/two")]),
            observation("one"),
            observation("two"),
        ]  # fmt: skip
        return hidden(read(*(nopat(one) if one["id"] == labelled else one for one in made)))

    assert group("one") == {"Observation/one"}
    assert group("g") == {"Observation/g", "Observation/one", "Observation/two"}
    assert group("r") == {
        "DiagnosticReport/r",
        "Observation/g",
        "Observation/one",
        "Observation/two",
    }


def test_a_requests_label_covers_its_report_and_results() -> None:
    record = read(
        nopat(thing("ProcedureRequest", "q", status="active", intent="order")),
        thing("DiagnosticReport", "r", basedOn=[ref("ProcedureRequest/q")], result=[ref("Observation/x")]),
        observation("x"),
        observation("survivor"),
    )  # fmt: skip
    assert hidden(record) == {"ProcedureRequest/q", "DiagnosticReport/r", "Observation/x"}


def test_a_problem_and_its_actual_problem_hide_each_other_but_not_what_is_merely_related() -> None:
    url = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-{}-1"
    problem = thing(
        "Condition", "c", assertedDate="2026-03-02",
        extension=[
            {"url": url.format("GPC-ActualProblem"), "valueReference": ref("Observation/same")},
            {"url": url.format("RelatedClinicalContent"), "valueReference": ref("Observation/related")},
        ],
    )  # fmt: skip
    same, related = observation("same"), observation("related")
    assert hidden(read(nopat(problem), same, related)) == {"Condition/c", "Observation/same"}
    assert hidden(read(problem, nopat(same), related)) == {"Condition/c", "Observation/same"}
    assert hidden(read(problem, same, nopat(related))) == {"Observation/related"}


def test_labels_on_what_is_no_entry_fall_on_the_entries_they_cover() -> None:
    by = nopat({"resourceType": "Practitioner", "id": "d", "name": [{"family": "X"}]})
    mine = observation("mine", performer=[ref("Practitioner/d")])
    assert hidden(read(by, mine, observation("other"))) == {"Observation/mine"}
    section = nopat(listing(None, "Observation/mine"))
    record = read(section, observation("mine"), observation("other"))
    assert hidden(record) == {"Observation/mine"}
    assert set(hide_roots(record)) == {"Observation/mine"}


def test_a_label_inside_a_list_hides_the_entry_lifted_out_of_it_and_spares_the_others() -> None:
    ended = [nopat(thing("AllergyIntolerance", "one")), thing("AllergyIntolerance", "two")]
    record = read(listing(None, "#one", "#two", contained=ended))
    assert len(record.entries) == 2
    assert hidden(record) == {"AllergyIntolerance/one"}


def test_a_bundles_own_label_covers_everything_unless_an_entry_explains_it() -> None:
    meta = {"security": [{"system": ACT_CODE, "code": "NOPAT"}]}
    both = {"Observation/a", "Observation/b"}
    assert hidden(read(observation("a"), observation("b"), meta=meta)) == both
    assert hidden(read(nopat(observation("a")), observation("b"), meta=meta)) == {"Observation/a"}


def test_a_label_of_either_twin_counts() -> None:
    assert hidden(read(observation("a"), nopat(observation("a")))) == {"Observation/a"}


def test_an_entry_in_error_is_hidden_for_that_cause() -> None:
    record = read(observation("a", status="entered-in-error"), observation("b"))
    assert [(c.change.entry_id[-1], c.change.cause) for c in record.hides] == [("a", "in_error")]  # type: ignore[union-attr]


def test_hides_of_the_same_facts_have_the_same_ids_and_of_a_later_extract_others() -> None:
    def ids(at: str) -> list[str]:
        return [c.control_id for c in read(nopat(observation("a")), timestamp=at).hides]

    assert ids("2026-09-01T06:00:00Z") == ids("2026-09-01T06:00:00Z")
    assert ids("2026-09-01T06:00:00Z") != ids("2026-09-02T06:00:00Z")


def test_a_label_that_cannot_be_read_becomes_one_nobody_knows() -> None:
    unreadable: tuple[Any, ...] = ([{"display": "x"}], "hush?", [{"code": 7}], {"text": "x"}, [{}])
    for security in unreadable:
        labels = entry(read(observation("a", meta={"security": security})), "Observation/a").labels
        assert len(labels) == 1


@pytest.mark.parametrize(
    "context",
    [ref("see consultation"), ref("urn:uuid:nowhere"), {"identifier": {"value": "e"}}, ref("")],
)
def test_an_entry_whose_consultation_cannot_be_told_is_held(context: dict[str, Any]) -> None:
    record = read(nopat(encounter("e")), observation("a", context=context))
    assert [one.code for one in entry(record, "Observation/a").labels] == ["unreadable"]


@pytest.mark.parametrize(
    "written", ["Encounter/e_1", "https://x.example/Encounter/e_1", "Encounter/e_1/_history/2"]
)
def test_a_consultation_is_found_however_it_is_named(written: str) -> None:
    record = read(nopat(encounter("e_1")), observation("a", context=ref(written)))
    assert hidden(record) == {"Encounter/e_1", "Observation/a"}


def test_a_documents_own_label_and_a_label_written_as_plain_text_are_read() -> None:
    letter = thing(
        "DocumentReference", "d", securityLabel=[{"coding": [{"system": "s", "code": "R"}]}]
    )
    assert [one.code for one in entry(read(letter), "DocumentReference/d").labels] == ["R"]
    assert hidden(read(observation("a", meta={"security": ["nopat"]}))) == {"Observation/a"}


INLINE = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
LABEL = {"system": ACT_CODE, "code": "NOPAT"}


def test_an_inline_label_on_one_field_is_a_label_of_the_entry() -> None:
    label = {"url": INLINE, "valueCoding": {"system": "s", "code": "UNCERTREL"}}
    record = read(
        thing(
            "Immunization",
            "i",
            status="completed",
            patient={**ref("Patient/p"), "extension": [label]},
        )
    )
    assert [one.code for one in entry(record, "Immunization/i").labels] == ["UNCERTREL"]
    assert b"UNCERTREL" not in record.entries[0].body


LETTER_URL = "https://practice.example/fhir/Binary/scan"
SCAN = {"resourceType": "Binary", "id": "scan", "contentType": "application/pdf", "data": "eA=="}


def letter(name: str, url: str, **fields: Any) -> dict[str, Any]:
    content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
    return thing("DocumentReference", name, status="current", content=content, **fields)


@pytest.mark.parametrize(
    "url",
    [
        "Binary/scan",
        " Binary/scan",
        "binary/SCAN",
        LETTER_URL,
        LETTER_URL + "/_history/2",
        LETTER_URL + "?_format=application/pdf",
        LETTER_URL + "#page=2",
    ],
)
def test_a_labelled_binary_labels_the_document_that_has_it_as_its_attachment(url: str) -> None:
    record = read(nopat(SCAN), letter("d", url), letter("other", "Binary/other"))
    assert hidden(record) == {"DocumentReference/d"}
    assert hide_roots(record) == {"DocumentReference/d": set()}


def test_a_labelled_binary_labels_reports_and_what_shares_it() -> None:
    form = [{"url": "Binary/scan"}]
    report = thing("DiagnosticReport", "r", status="final", presentedForm=form)
    assert hidden(read(SCAN, report, nopat(letter("d", "Binary/scan")), observation("x"))) == {
        "DiagnosticReport/r",
        "DocumentReference/d",
    }


def test_any_label_of_a_binary_goes_to_its_document() -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    restricted = {**SCAN, "meta": {"security": [{"system": system, "code": "V"}]}}
    record = read(restricted, letter("d", "Binary/scan"))
    assert [one.code for one in entry(record, "DocumentReference/d").labels] == ["V"]


MARKED = {"security": [{"system": R4_SYSTEM, "code": "PROCESSINLINELABEL"}]}


def with_inline(*codes: str) -> dict[str, Any]:
    """A Condition that says to have inline labels, with these on its onset."""
    labels = [{"url": INLINE, "valueCoding": {"system": "s", "code": code}} for code in codes]
    onset = {"onsetString": "x", "_onsetString": {"extension": labels}} if labels else {}
    return thing("Condition", "c", meta=MARKED, recordedDate=AT, **onset)


@pytest.mark.parametrize(
    ("codes", "becomes"),
    [
        (("N",), "RELEASED"),
        (("V",), "HELD CONF"),
        (("N", "V"), "HELD CONF"),
        (("NOPAT",), "WITHHELD SOURCE_NOPAT"),
        (("UNCERTREL",), "HELD UNKNOWN_LABEL"),
        ((), "HELD UNKNOWN_LABEL"),
    ],
)
def test_that_there_are_inline_labels_restricts_nothing_what_they_say_does(
    codes: tuple[str, ...], becomes: str
) -> None:
    assert outcomes(read(with_inline(*codes)))["c"] == becomes


def test_inline_labels_of_the_patient_hold_no_entry() -> None:
    label = {"url": INLINE, "valueCoding": {"system": "s", "code": "R"}}
    born = patient(meta=MARKED, birthDate="1980-01-01", _birthDate={"extension": [label]})
    record = extract_of(born, observation("a"))
    assert outcomes(record)["a"] == "RELEASED"


def _meta_security(target: dict[str, Any], label: dict[str, Any]) -> None:
    target.setdefault("meta", {}).setdefault("security", []).append(label)


def _security_label(target: dict[str, Any], label: dict[str, Any]) -> None:
    target.setdefault("securityLabel", []).append({"coding": [label]})


def _inline(target: dict[str, Any], label: dict[str, Any]) -> None:
    target.setdefault("extension", []).append({"url": INLINE, "valueCoding": label})


def _on_the_code(target: dict[str, Any], label: dict[str, Any]) -> None:
    target.setdefault("code", {}).setdefault("coding", []).append(label)


POSITIONS = (_meta_security, _security_label, _inline, _on_the_code)
KINDS = (
    "AllergyIntolerance", "Condition", "DiagnosticReport", "DocumentReference", "Encounter",
    "Immunization", "List", "MedicationRequest", "MedicationStatement", "Observation",
    "ProcedureRequest", "ReferralRequest", "Task", "NeverHeardOf",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    place=st.sampled_from(POSITIONS),
    system=st.sampled_from([ACT_CODE, R4_SYSTEM, CDA_SYSTEM, "x"]) | st.text(max_size=12),
    code=st.sampled_from(["NOPAT", "nopat", " NOPAT "]),
    depth=st.integers(0, 3),
)
def test_nopat_anywhere_always_ends_as_a_label_and_a_hide(
    kind: str, place: Any, system: str, code: str, depth: int
) -> None:
    resource = target = thing(kind, "x", status="final")
    for _ in range(depth):
        target["part"] = [{"note": "x"}]
        target = target["part"][0]
    place(target, {"system": system, "code": code})
    record = read(resource)
    assert hidden(record) == {f"{kind}/x"}
    assert set(hide_roots(record)) == {f"{kind}/x"}


@settings(max_examples=100, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24),
    root=st.integers(0, 7),
)
def test_inheritance_ends_and_reaches_exactly_what_lists_lead_to(
    edges: list[tuple[int, int]], root: int
) -> None:
    made = [listing(str(n), *(f"List/{b}" for a, b in edges if a == n)) for n in range(8)]
    made[root] = nopat(made[root])
    expected, waiting = {root}, [root]
    while waiting:
        at = waiting.pop()
        new = {b for a, b in edges if a == at} - expected
        expected |= new
        waiting += new
    assert hidden(read(*made)) == {f"List/{n}" for n in expected}


def test_reading_does_not_depend_on_the_order_of_resources() -> None:
    made = bundle(
        nopat(encounter("e")),
        observation("a", context=ref("Encounter/e")),
        listing("l", "Observation/a"),
    )
    turned = copy.deepcopy(made) | {"entry": list(reversed(copy.deepcopy(made["entry"])))}
    assert sorted(map(repr, extract(made).entries)) == sorted(map(repr, extract(turned).entries))
    assert hidden(extract(turned)) == {"Encounter/e", "Observation/a"}
    assert patient()["id"] == "p"
