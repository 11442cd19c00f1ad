"""The plants: each puts into a resource what no patient may see, as a label, a sensitive code, a person or a number."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.mutated.moves import Json, anywhere, objects, put
from tests.unit.producers.bundles import NUMBER

NAME = "Zyxquil"
"""A name that nobody has: planted for another person, it must reach no body."""

FOREIGN = "9990000026"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
SENSITIVE = "225826001"
SNOMED = "http://snomed.info/sct"
DEFINED = "http://hl7.org/fhir/x"
WIDE = "".join(chr(0xFF10 + int(digit)) for digit in "9990000026")
"""Another patient's number in digits as East Asian keyboards write them."""

OBSERVATION = {"resourceType": "Observation", "id": "l"}
PARAMETERS = {"resourceType": "Parameters", "id": "q"}
WHO = ("informationSource", "source", "asserter", "specimen", "device", "location")
"""Elements of one reference: of people, and of things, whose names are shown."""

SPECIMEN = {"resourceType": "Specimen", "id": "s"}
ACT_CODE = "http://hl7.org/fhir/v3/ActCode"


def plant_label(resource: Json, chance: random.Random) -> None:
    """Label it, in some position and spelling."""
    coding = {
        "system": chance.choice([ACT_CODE, "x", ""]),
        "code": chance.choice(["NOPAT", " nopat"]),
    }
    _anyhow(chance, [*_of_any_element(resource, chance, "Coding", coding),
        lambda: put(resource, "securityLabel", {"coding": [coding]}),
        lambda: put(resource, "contained", {**OBSERVATION, "meta": {"security": [coding]}}),
        *_of_any_element(resource, chance, "CodeableConcept", {"coding": [coding]}),
        *_of_any_element(resource, chance, "Meta", {"security": [coding]}),
    ])  # fmt: skip


def plant_code(resource: Json, chance: random.Random) -> None:
    """Code something sensitive, in some element."""
    coding = {
        "system": chance.choice([SNOMED, f" {SNOMED}", ""]),
        "code": chance.choice([SENSITIVE, f" {SENSITIVE}"]),
    }
    _anyhow(chance, [*_of_any_element(resource, chance, "Coding", coding),
        lambda: put(resource, "category", {"coding": [coding]}),
        lambda: put(resource, "reasonCode", {"coding": [coding]}),
        lambda: put(resource, "contained", {"resourceType": "Condition", "id": "k", "code": {"coding": [coding]}}),
        lambda: put(resource, "note", {"text": "x", "extension": [{"url": DEFINED, "valueCoding": coding}]}),
    ])  # fmt: skip


def plant_person(resource: Json, chance: random.Random) -> None:
    """Name another person, in some way."""
    who = {**_relative(chance), "display": NAME}
    named = {"family": NAME}
    relative = {"resourceType": "RelatedPerson", "id": "z", "name": [named]}
    _anyhow(chance, [
        *_of_any_element(resource, chance, "HumanName", {"text": NAME}),
        *_of_any_element(resource, chance, "Reference", who),
        *_of_any_element(resource, chance, "Address", {"line": [NAME]}),
        *_of_any_element(resource, chance, "ContactPoint", {"system": "email", "value": NAME}),
        *_of_any_element(resource, chance, "Annotation", {"text": "x", "authorReference": who}),
        *_of_any_element(resource, chance, "Signature", {"whoReference": who, "who": who}),
        lambda: put(resource, "note", {"text": "x", "authorReference": who}),
        lambda: put(resource, "performer", who),
        lambda: put(resource, "performer", {"reference": "Specimen/s", "type": "RelatedPerson", "display": NAME}),
        lambda: put(resource, "contained", {"resourceType": "FamilyMemberHistory", "id": "f", "name": NAME}),
        lambda: put(resource, "author", who),
        lambda: put(resource, "participant", {"individual": who, "actor": who}),
        lambda: resource.update({chance.choice(WHO): who}),
        lambda: put(resource, "contained", relative),
        lambda: put(resource, "contained", {"resourceType": "Patient", "id": "z", "name": [named]}),
        lambda: put(resource, "contained", {"resourceType": "Person", "name": [named]}),
        lambda: put(resource, "contained", {**SPECIMEN, "subject": who}),
        lambda: put(resource, "contained", {**SPECIMEN, "contained": [relative]}),
        lambda: put(resource, "contained", {**PARAMETERS, "parameter": [{"name": "x", "resource": relative}]}),
        lambda: put(resource, f"Name{chance.randrange(9)}", named),
        lambda: resource.update({f"_{NAME}": NAME, NAME: NAME}),
    ])  # fmt: skip


def plant_silent_person(resource: Json, chance: random.Random) -> None:
    """Name another person where what is left out is left out of every resource, so that nothing need hold it."""
    div = f"<div>{NAME}</div>"
    _anyhow(chance, [
        lambda: resource.update({"text": {"status": "generated", "div": div}}),
        lambda: put(resource, "contained", {**SPECIMEN, "text": {"status": "generated", "div": div}}),
        lambda: put(resource, "identifier", {"system": "x", "value": NAME, "assigner": {"display": NAME}}),
        lambda: put(resource, "note", {"text": "x", "authorString": NAME}),
        lambda: resource.update({"meta": {"source": NAME, "tag": [{"display": NAME}]}}),
        lambda: put(resource, "extension", {"url": f"https://{NAME}.example/x", "valueString": NAME}),
        lambda: put(resource, "extension", {"id": NAME, "url": DEFINED, "valueString": "x"}),
    ])  # fmt: skip


def plant_number(resource: Json, chance: random.Random) -> None:
    """Write another patient's number, in some element."""
    number = chance.choice([FOREIGN, "999 000 0026", "999-000-0026"])
    system = chance.choice([NHS, f" {NHS.upper()}", f"{NHS}/", NHS.replace("https", "http")])
    identifier = {"system": system, "value": number}
    _anyhow(chance, [
        *_of_any_element(resource, chance, "Identifier", identifier),
        lambda: put(resource, "identifier", identifier),
        lambda: put(resource, "performer", {"identifier": identifier}),
        lambda: resource.update({chance.choice(WHO): {"identifier": identifier, "display": NAME}}),
        lambda: put(resource, "contained", {**SPECIMEN, "subject": {"identifier": identifier}}),
        lambda: put(resource, "contained", {"resourceType": "Patient", "id": "z", "identifier": [identifier]}),
    ])  # fmt: skip


def plant_spoken_number(resource: Json, chance: random.Random) -> None:
    """Write another patient's number, in some text that people read."""
    number = chance.choice(
        [FOREIGN, "999 000 0026", "999.000.0026", "999  000  0026", "999\u00a0000\u00a00026",
         WIDE, "999\u2013000\u20130026", "99900\u200b00026", "999/000/0026", "9990 000 026",
         "x9990000026", "999OOO0026",
         "\u0669\u0669\u06690000026", "&#57;990000026"]
    )  # fmt: skip
    words = chance.choice(["{}", "NHS no {}", "NHS{}", "son ({})", "x\n{}.", "{}, {}"]).replace(
        "{}", number
    )
    _anyhow(chance, [
        *_of_any_element(resource, chance, "String", words),
        *_of_any_element(resource, chance, "Annotation", {"text": words}),
        *_of_any_element(resource, chance, "CodeableConcept", {"text": words}),
        lambda: put(resource, "note", {"text": words}),
        lambda: put(resource, "dosageInstruction", {"text": words, "patientInstruction": words}),
        lambda: put(resource, "dosage", {"additionalInstruction": [{"text": words}]}),
        lambda: put(resource, "content", {"attachment": {"title": words}}),
        lambda: put(resource, "content", {"attachment": {"url": f"https://x.example/{FOREIGN}/letter.pdf"}}),
        lambda: put(resource, "performer", {"reference": "Practitioner/x", "display": words}),
        lambda: put(resource, "contained", {**SPECIMEN, "note": [{"text": words}]}),
    ])  # fmt: skip


def plant_own_number(resource: Json, chance: random.Random) -> None:
    """Write the patient's own number, in some element: no body carries it."""
    number = chance.choice([NUMBER, f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}", f"NHS{NUMBER}"])
    _anyhow(chance, [
        *_of_any_element(resource, chance, "String", number),
        *_of_any_element(resource, chance, "Uri", number),
        *_of_any_element(resource, chance, "Quantity", {"value": int(NUMBER), "unit": number}),
        *_of_any_element(resource, chance, "Coding", {"code": number, "display": number}),
        lambda: resource.update({number: number}),
        lambda: put(resource, "note", {"text": number}),
        lambda: put(resource, "performer", {"reference": f"Practitioner/{NUMBER}", "display": number}),
        lambda: put(resource, "basedOn", {"reference": f"ServiceRequest/{NUMBER}"}),
        lambda: put(resource, "contained", {**SPECIMEN, "id": NUMBER, "note": [{"text": number}]}),
    ])  # fmt: skip


def _relative(chance: random.Random) -> Json:
    """Return a reference to somebody who is no staff, in some spelling."""
    spelled = chance.choice([
        "RelatedPerson/r", "https://x.example/RelatedPerson/r", "Person/q", "relatedperson/r", "RelatedPerson%2Fr",
        "RelatedPerson/r/", "/RelatedPerson/r", "RelatedPerson/r?x=1", "RelatedPerson/r#x", " RelatedPerson/r ",
        "RelatedPerson/r/_history/1", "RELATEDPERSON/R", "RelatedPerson?identifier=x", "Group/g", "RelatedPerson%252Fr",
    ])  # fmt: skip
    return chance.choice([
        {"reference": spelled},
        {"reference": f"urn:uuid:{FOREIGN[:8]}-0000-4000-8000-000000000000", "type": "RelatedPerson"},
        {"type": "RelatedPerson"},
        {"type": "http://hl7.org/fhir/StructureDefinition/RelatedPerson"},
        {"identifier": {"system": f"{NHS} ", "value": FOREIGN}},
    ])  # fmt: skip


def _of_any_element(
    resource: Json, chance: random.Random, type_: str, value: Any
) -> Iterator[Callable[[], None]]:
    """Yield ways to hang a value of some type on any element, as an extension: of an object, or of a primitive."""
    extension = {"url": chance.choice(["x", DEFINED]), f"value{type_}": value}
    around: Json = chance.choice([extension, {"url": DEFINED, "extension": [extension]}])
    holder = anywhere(resource, chance)
    yield lambda: put(holder, "extension", around)
    yield lambda: put(holder, "modifierExtension", around)
    primitives = [
        (one, key)
        for one in objects(resource)
        for key, known in one.items()
        if isinstance(known, str) and key not in ("resourceType", "id") and key[:1] != "_"
    ]
    if primitives:
        whose, key = chance.choice(primitives)
        yield lambda: whose.update({f"_{key}": {"extension": [around]}})
        yield lambda: whose.update({f"_{key}": [None, {"extension": [around]}]})


def _anyhow(chance: random.Random, ways: list[Callable[[], None]]) -> None:
    chance.choice(ways)()


PLANTS = (
    plant_label, plant_code, plant_person, plant_silent_person, plant_number, plant_spoken_number, plant_own_number,
)  # fmt: skip
