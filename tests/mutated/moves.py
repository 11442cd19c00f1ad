"""The moves: each changes a resource in place as a supplier's next release, or an enemy, might."""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Move = Callable[[Json, random.Random], None]

NAME = "Zyxquil"
"""A name that nobody has: planted for another person, it must reach no body."""

FOREIGN = "9990000026"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
SENSITIVE = "225826001"
SNOMED = "http://snomed.info/sct"
DEFINED = "http://hl7.org/fhir/x"
SPECIMEN = {"resourceType": "Specimen", "id": "s"}
ACT_CODE = "http://hl7.org/fhir/v3/ActCode"


def objects(node: Any) -> Iterator[Json]:
    """Yield every object of a resource, itself first."""
    if isinstance(node, dict):
        yield node
        for part in list(node.values()):
            yield from objects(part)
    elif isinstance(node, list):
        for part in node:
            yield from objects(part)


def anywhere(resource: Json, chance: random.Random) -> Json:
    """Return any object of a resource that is no coding or reference, in which another field makes sense."""
    places = [one for one in objects(resource) if not {"reference", "code"} & one.keys()]
    return chance.choice([resource, *places])


def put(holder: Json, name: str, value: Any) -> None:
    """Add to a list of an object, whatever is there."""
    known = holder.get(name)
    holder[name] = [*known, value] if isinstance(known, list) else [value]


# ---- moves that plant nothing
def respell_references(resource: Json, chance: random.Random) -> None:
    """Write every reference in another spelling that means the same."""
    for one in objects(resource):
        target = one.get("reference")
        if isinstance(target, str) and not target.startswith("#") and "/" in target:
            kind, _, name = target.rpartition("/")
            one["reference"] = chance.choice(
                [
                    f" {target} ",
                    f"{target}/_history/3",
                    f"urn:uuid:{name}",
                    f"{kind}/{name.upper()}",
                ]
            )


def contain(resource: Json, chance: random.Random) -> None:
    """Put a copy of the resource inside itself."""
    inner = {key: value for key, value in copy.deepcopy(resource).items() if key != "contained"}
    put(resource, "contained", {**inner, "id": f"inner-{chance.randrange(9)}"})


def nest_in_an_extension(resource: Json, chance: random.Random) -> None:
    """Move a field of the resource into an extension."""
    movable = [key for key in resource if key not in ("resourceType", "id", "subject", "patient")]
    if movable:
        key = chance.choice(movable)
        put(
            resource,
            "extension",
            {"url": "https://example.org/moved", "extension": [{"url": key, "valueString": "x"}]},
        )
        del resource[key]


def drop_a_field(resource: Json, chance: random.Random) -> None:
    """Remove a field anywhere."""
    holder = anywhere(resource, chance)
    if names := [key for key in holder if key not in ("resourceType", "id")]:
        del holder[chance.choice(names)]


def change_a_shape(resource: Json, chance: random.Random) -> None:
    """Give a field anywhere a value of another shape."""
    holder = anywhere(resource, chance)
    if names := [key for key in holder if key not in ("resourceType", "id")]:
        key = chance.choice(names)
        holder[key] = chance.choice(
            [None, [], {}, 7, True, "", [holder[key]], {"value": holder[key]}]
        )


# ---- moves that plant something
def plant_label(resource: Json, chance: random.Random) -> None:
    """Label it, in some position and spelling."""
    coding = {
        "system": chance.choice([ACT_CODE, "x", ""]),
        "code": chance.choice(["NOPAT", " nopat"]),
    }
    holder = anywhere(resource, chance)
    plant: Callable[[], None] = chance.choice([
        lambda: put(holder, "extension", {"url": "x", "valueCoding": coding}),
        lambda: put(resource, "securityLabel", {"coding": [coding]}),
        lambda: put(resource, "contained", {"resourceType": "Observation", "id": "l", "meta": {"security": [coding]}}),
    ])  # fmt: skip
    plant()


def plant_code(resource: Json, chance: random.Random) -> None:
    """Code something sensitive, in some element."""
    coding = {
        "system": chance.choice([SNOMED, f" {SNOMED}", ""]),
        "code": chance.choice([SENSITIVE, f" {SENSITIVE}"]),
    }
    holder = anywhere(resource, chance)
    plant: Callable[[], None] = chance.choice([
        lambda: put(holder, "extension", {"url": "x", "valueCoding": coding}),
        lambda: put(resource, "category", {"coding": [coding]}),
        lambda: put(resource, "reasonCode", {"coding": [coding]}),
        lambda: put(resource, "contained", {"resourceType": "Condition", "id": "k", "code": {"coding": [coding]}}),
    ])  # fmt: skip
    plant()


def plant_person(resource: Json, chance: random.Random) -> None:
    """Name another person, in some way."""
    holder = anywhere(resource, chance)
    relative = {
        "reference": chance.choice(
            ["RelatedPerson/r", "https://x.example/RelatedPerson/r", "Person/q"]
        )
    }
    plant: Callable[[], None] = chance.choice([
        lambda: put(holder, "extension", {"url": DEFINED, "valueHumanName": {"text": NAME}}),
        lambda: put(holder, "extension", {"url": DEFINED, "valueReference": {**relative, "display": NAME}}),
        lambda: put(resource, "performer", {**relative, "display": NAME}),
        lambda: put(resource, "contained", {"resourceType": "RelatedPerson", "id": "z", "name": [{"family": NAME}]}),
        lambda: put(resource, "contained", {"resourceType": "Patient", "id": "z", "name": [{"family": NAME}]}),
        lambda: resource.update({"text": {"status": "generated", "div": f"<div>{NAME}</div>"}}),
    ])  # fmt: skip
    plant()


def plant_number(resource: Json, chance: random.Random) -> None:
    """Write another patient's number, in some element."""
    identifier = {"system": NHS, "value": chance.choice([FOREIGN, "999 000 0026"])}
    holder = anywhere(resource, chance)
    plant: Callable[[], None] = chance.choice([
        lambda: put(holder, "extension", {"url": DEFINED, "valueIdentifier": identifier}),
        lambda: put(resource, "identifier", identifier),
        lambda: put(resource, "performer", {"identifier": identifier}),
        lambda: put(resource, "contained", {**SPECIMEN, "subject": {"identifier": identifier}}),
    ])  # fmt: skip
    plant()


QUIET: tuple[Move, ...] = (
    respell_references, contain, nest_in_an_extension, drop_a_field, change_a_shape,
)  # fmt: skip
PLANTS: tuple[Move, ...] = (plant_label, plant_code, plant_person, plant_number)
