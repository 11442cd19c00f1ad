"""Moves that plant nothing: each changes a resource in place as a supplier's next release, or an enemy, might.

LOSING ones may remove or replace what is there, so they come before anything is planted; KEEPING ones only add, wrap
or spell otherwise, and may come after.
"""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Move = Callable[[Json, random.Random], None]

UNTOUCHED = ("resourceType", "id", "subject", "patient")
OTHER_VERSION = {
    "encounter": "context",
    "context": "encounter",
    "performer": "practitioner",
    "note": "comment",
    "comment": "note",
    "reasonCode": "reason",
    "reason": "reasonCode",
    "basedOn": "incomingReferral",
    "prescriptionPeriod": "dispenseRequest",
    "recordedDate": "assertedDate",
    "assertedDate": "recordedDate",
    "date": "occurrenceDateTime",
    "partOf": "parent",
    "related": "hasMember",
}
"""Fields under the name that they have in the other version of FHIR, or something near it."""


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
    known = holder.get(name, [])
    holder[name] = [*(known if isinstance(known, list) else [known]), value]


def _lists(resource: Json) -> list[list[Any]]:
    return [part for one in objects(resource) for part in one.values() if isinstance(part, list)]


# ---- moves that keep what is there
def respell_references(resource: Json, chance: random.Random) -> None:
    """Write every reference in another spelling that means the same."""
    for one in objects(resource):
        target = one.get("reference")
        if isinstance(target, str) and not target.startswith("#") and "/" in target:
            kind, _, name = target.rpartition("/")
            typed = [
                f" {target} ",
                f"{target}/_history/3",
                f"{kind}/{name.upper()}",
                f"{kind}%2F{name}",
                f"{kind.lower()}/{name}",
                f"{target}/",
                f"/{target}",
            ]
            known = "display" not in one  # of a name alone nobody could tell whose it is
            one["reference"] = chance.choice([*typed, f"urn:uuid:{name}"] if known else typed)


def contain(resource: Json, chance: random.Random) -> None:
    """Put a copy of the resource inside itself."""
    inner = {key: value for key, value in copy.deepcopy(resource).items() if key != "contained"}
    put(resource, "contained", {**inner, "id": f"inner-{chance.randrange(9)}"})


def contain_in_what_is_contained(resource: Json, chance: random.Random) -> None:
    """Put what is contained, and a copy of the resource, into something contained itself."""
    inner = {key: value for key, value in copy.deepcopy(resource).items() if key != "contained"}
    put(resource, "contained", {**inner, "id": "deep"})
    held = resource["contained"]
    kind = chance.choice(["Observation", "Practitioner", "Organization", "Specimen", "Basic"])
    resource["contained"] = [{"resourceType": kind, "id": "holder", "contained": held}]


def put_nulls_and_texts_in_lists(resource: Json, chance: random.Random) -> None:
    """Put a null, a text, a number or an empty part somewhere into lists."""
    for found in chance.choices(_lists(resource) or [[]], k=2):
        found.insert(chance.randrange(len(found) + 1), chance.choice([None, "x", 7, {}, []]))


def put_lists_in_lists(resource: Json, chance: random.Random) -> None:
    """Put a list, or one of its parts, into another list."""
    found = chance.choice(_lists(resource) or [[]])
    if chance.random() < 1 / 2 and found:
        place = chance.randrange(len(found))
        found[place] = [found[place]]
    else:
        found[:] = [found[:]]


def make_a_list_of_one(resource: Json, chance: random.Random) -> None:
    """Put a value that is no list into one, or take the only one out of its list."""
    holder = chance.choice([*objects(resource)])
    names = [key for key in holder if key not in UNTOUCHED]
    if names:
        key = chance.choice(names)
        value = holder[key]
        single = isinstance(value, list) and len(value) == 1
        holder[key] = value[0] if single else [value]


def rename_to_the_other_version(resource: Json, chance: random.Random) -> None:
    """Call fields what the other version of FHIR calls them."""
    for key in [key for key in resource if key in OTHER_VERSION and chance.random() < 1 / 2]:
        if OTHER_VERSION[key] not in resource:
            resource[OTHER_VERSION[key]] = resource.pop(key)


# ---- moves that may lose something
def nest_in_an_extension(resource: Json, chance: random.Random) -> None:
    """Move a field of the resource into an extension."""
    movable = [key for key in resource if key not in UNTOUCHED]
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


def call_it_another_type(resource: Json, chance: random.Random) -> None:
    """Make it a resource of another type, of one that nobody knows, or of one that no record has."""
    resource["resourceType"] = chance.choice(
        ["Basic", "Observation", "Zzz", "Binary", "Media", "Flag", "ClinicalImpression"]
    )


KEEPING: tuple[Move, ...] = (
    respell_references, contain, contain_in_what_is_contained, put_nulls_and_texts_in_lists, put_lists_in_lists,
    make_a_list_of_one, rename_to_the_other_version,
)  # fmt: skip
LOSING: tuple[Move, ...] = (
    nest_in_an_extension, drop_a_field, change_a_shape, call_it_another_type,
)  # fmt: skip
