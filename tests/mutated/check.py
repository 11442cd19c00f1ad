"""What must hold of every mutated resource, whatever was done to it."""

import copy
import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import orjson

from recordgate_producers.fhir import extract, parse
from recordgate_producers.fhir.bundle import open_bundle
from recordgate_producers.fhir.reading import read_nodes
from recordgate_producers.fhir.report import ResourceOutcome
from recordgate_producers.fhir.types import CONTAINED_FIELDS, is_entry
from recordgate_producers.samples import RECORDS
from recordgate_schemas.entry import ClinicalEntry, Kind, Marker, Readiness, ThirdParty
from recordgate_schemas.errors import PoisonError
from tests.mutated.moves import KEEPING, LOSING, UNTOUCHED, Json, Move
from tests.mutated.plants import (
    FOREIGN,
    NAME,
    PLANTS,
    SENSITIVE,
    plant_code,
    plant_label,
    plant_number,
    plant_person,
    plant_spoken_number,
)
from tests.mutated.stands import STANDS, Stand
from tests.support.fhir_definitions.validity import new_problems
from tests.support.shared_data import content, documents
from tests.unit.producers.bundles import NUMBER, bundle, observation

MOST_LOSING, MOST_KEEPING = 2, 3
SURVIVOR = "survivor"
PRACTICE = 1
"""The place in the Bundle of what is no mutant: the patient, then the practice."""
HOLDING = (plant_label, plant_code, plant_person, plant_number, plant_spoken_number)
"""What somebody must look at; a sensitive code may be on an entry instead, for the rules to judge."""


@dataclass(frozen=True)
class Found:
    """What is wrong with a case, and how to make it again."""

    case: int
    problem: str
    moves: tuple[str, ...]


PUBLISHED = ("gpconnect/emis/*", "gpconnect/large/*", "gpconnect-examples/**/*")
GENERATED = ("synthea-r4/*", "synthea-stu3/*")
FEW = 4
"""Generated records that are read of each version: they are much alike."""


@cache
def sources() -> tuple[bytes, ...]:
    """Return the resources that are mutated: of the samples, and of the published records where they are.

    Of resources of one type with the same fields one is enough.
    """
    files = [path.read_bytes() for path in sorted(RECORDS.glob("*.json"))]
    files += map(content, documents(*PUBLISHED))
    files += [content(path) for kind in GENERATED for path in documents(kind)[:FEW]]
    found: dict[tuple[str, ...], bytes] = {}
    for resource in chain.from_iterable(map(_resources, files)):
        if {"subject", "patient"} & resource.keys() and is_entry(resource["resourceType"]):
            shape = (resource["resourceType"], *sorted(resource))
            found.setdefault(shape, orjson.dumps(resource, default=str))
    return tuple(found.values())


def _resources(data: bytes) -> Iterator[Json]:
    try:
        document = parse(data)
    except PoisonError:
        return  # files that are no records are there to be refused elsewhere
    entries = document.get("entry") if isinstance(document, dict) else None
    for one in entries if isinstance(entries, list) else []:
        resource = one.get("resource") if isinstance(one, dict) else None
        if isinstance(resource, dict):
            yield resource


def problems(cases: int, seed: int) -> Iterator[Found]:
    """Yield what is wrong with any of so many cases."""
    for case in range(cases):
        chance = random.Random(f"{seed}/{case}")
        plant = chance.choice(PLANTS)
        moves: list[Move] = [
            *chance.choices((*LOSING, *KEEPING), k=chance.randrange(MOST_LOSING + 1)),
            plant,
            *chance.choices(KEEPING, k=chance.randrange(MOST_KEEPING + 1)),
        ]
        stand = chance.choice(STANDS)
        for problem in check(chance, plant, moves, stand):
            yield Found(case, problem, (*(move.__name__ for move in moves), stand.__name__))


def check(chance: random.Random, plant: Move, moves: Sequence[Move], stand: Stand) -> Iterator[str]:
    """Mutate a resource and yield what must not have happened."""
    resource = _source(chance)
    for move in moves:
        move(resource, chance)
    document = bundle(*stand(resource), observation(SURVIVOR))
    try:
        record = extract(document)
    except PoisonError:
        return  # refused as a whole
    entries = {one.entry_id.partition("/")[2]: one for one in record.entries}
    survivor = entries.pop(SURVIVOR, None)
    if survivor is None or _asks_for_a_look(survivor):
        yield "the ordinary entry beside it was touched"
    written = open_bundle(document)
    inside = [one.json for one in written.resources if one.type in CONTAINED_FIELDS]
    for one in entries.values():
        yield from _of_body(one)
        if _asks_for_a_look(one):
            continue  # what FHIR requires may be left out of what nothing releases by itself
        source = written.by_key[one.entry_id.split(":", 2)[2]].json
        for new in new_problems(orjson.loads(one.body), [source, *inside]):
            yield f"made invalid: {new.path}: {new.what}"
    hidden = any(
        one.outcome in (ResourceOutcome.REFUSED, ResourceOutcome.SKIPPED)
        for one in record.resources
        if one.index > PRACTICE
    )
    if not hidden and not _was_read(plant, [*entries.values()]):
        yield "what was planted was not read"


def _was_read(planted: Move, entries: Sequence[ClinicalEntry]) -> bool:
    """Whether it is on an entry, or holds one: what a list contains becomes entries of its own."""
    if any(map(_asks_for_a_look, entries)) or planted not in HOLDING:
        return True
    return any(code.code == SENSITIVE for one in entries for code in one.codes)


def _of_body(made: ClinicalEntry) -> Iterator[str]:
    body = made.body.decode()
    if NAME in body:
        yield "another person's name is in the body"
    digits = "".join(one for one in unicodedata.normalize("NFKC", body) if one.isalnum())
    if FOREIGN in digits and not _asks_for_a_look(made):
        yield "another patient's number is in a body that nothing holds"
    if NUMBER in digits:
        yield "the patient's own number is in the body"
    unknown = [node.path for node in read_nodes(orjson.loads(made.body)) if node.field is None]
    if unknown:
        yield f"the body has elements that FHIR does not define: {sorted(set(unknown))[:3]}"


def _source(chance: random.Random) -> Json:
    resource: Json = copy.deepcopy(orjson.loads(chance.choice(sources())))
    resource["id"] = "mutant"
    for whose in UNTOUCHED[2:]:
        if whose in resource:
            resource[whose] = {"reference": "Patient/p"}
    return resource


def _asks_for_a_look(one: ClinicalEntry) -> bool:
    finished = {Readiness.FINAL, Readiness.FILED, Readiness.REVIEWED}
    return (
        one.third_party is not ThirdParty.NONE
        or Marker.UNKNOWN in one.markers
        or one.readiness not in finished
        or one.kind is Kind.UNKNOWN
        or bool(one.labels)
    )
