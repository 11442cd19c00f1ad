"""The table of FHIR elements is whole: every element of every type that is read has a line, as HL7 defines it."""

from recordgate_producers.fhir.definitions import READ, TABLE, fields_of, table
from recordgate_producers.fhir.reading import read_nodes
from recordgate_producers.fhir.roles import Role
from tests.support.fhir_definitions.__main__ import store, table_text


def test_the_table_is_what_the_official_definitions_give() -> None:
    assert TABLE.read_text("utf-8") == table_text(store())


def test_every_released_type_is_in_the_table_and_no_element_is_without_a_role() -> None:
    assert {path.partition(".")[0] for path in table()} >= READ
    assert all(isinstance(one.role, Role) for one in table().values())


def test_both_versions_of_a_field_are_known_and_the_value_decides() -> None:
    stu3 = {"resourceType": "MedicationRequest", "requester": {"agent": {"reference": "x"}}}
    r4 = {"resourceType": "MedicationRequest", "requester": {"reference": "x"}}
    found = [{node.path for node in read_nodes(one) if node.field} for one in (stu3, r4)]
    assert found == [
        {"MedicationRequest.requester", "MedicationRequest.requester.agent", "Reference.reference"},
        {"MedicationRequest.requester", "Reference.reference"},
    ]


def test_every_value_of_a_choice_has_the_role_of_its_type() -> None:
    roles = {key: found[0].role for key, found in fields_of("Observation").items()}
    assert roles["valueQuantity"] is Role.NUMBER
    assert roles["valueString"] is Role.FREE_TEXT
    assert roles["valueCodeableConcept"] is Role.CODING
