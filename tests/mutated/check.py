"""What must hold of every mutated resource, whatever was done to it."""

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import orjson

from recordgate_producers.fhir import extract, parse
from recordgate_producers.fhir.reading import read_nodes
from recordgate_producers.fhir.report import ResourceOutcome
from recordgate_producers.samples import RECORDS
from recordgate_schemas.entry import ClinicalEntry, Marker, Readiness, ThirdParty
from tests.mutated.moves import (
    FOREIGN,
    NAME,
    PLANTS,
    QUIET,
    SENSITIVE,
    Json,
    Move,
    plant_code,
    plant_label,
)
from tests.support.shared_data import content, documents
from tests.unit.producers.bundles import bundle, observation

MOST_MOVES = 3


@dataclass(frozen=True)
class Found:
    """What is wrong with a case, and how to make it again."""

    case: int
    problem: str
    moves: tuple[str, ...]


@cache
def sources() -> tuple[bytes, ...]:
    """Return the resources that are mutated: of the samples, and of the published records where they are."""
    files = [path.read_bytes() for path in sorted(RECORDS.glob("*.json"))]
    files += [
        content(path)
        for path in documents("gpconnect/structured/*.json", "gpconnect-examples/**/*.json")[:40]
    ]
    found: dict[bytes, None] = {}
    for data in files:
        try:
            document = parse(data)
        except Exception:  # noqa: BLE001, S112  files that are no records are there to be refused elsewhere
            continue
        entries = document.get("entry", []) if isinstance(document, dict) else []
        for one in entries if isinstance(entries, list) else []:
            resource = one.get("resource") if isinstance(one, dict) else None
            if isinstance(resource, dict) and ({"subject", "patient"} & resource.keys()):
                found[orjson.dumps(resource, default=str)] = None
    return tuple(found)


def problems(cases: int, seed: int) -> Iterator[Found]:
    """Yield what is wrong with any of so many cases."""
    for case in range(cases):
        chance = random.Random(f"{seed}/{case}")
        plant = chance.choice(PLANTS)
        moves = [plant, *chance.choices(QUIET, k=chance.randrange(MOST_MOVES))]
        chance.shuffle(moves)
        last = moves.index(plant)
        moves = [
            *moves[:last],
            *moves[last + 1 :],
            plant,
        ]  # a later move must not take away what was planted
        for problem in check(chance, moves):
            yield Found(case, problem, tuple(move.__name__ for move in moves))


def check(chance: random.Random, moves: list[Move]) -> Iterator[str]:
    """Mutate a resource and yield what must not have happened."""
    resource = _source(chance)
    for move in moves:
        move(resource, chance)
    record = extract(bundle(resource, observation("survivor")))
    entries = {one.entry_id.partition("/")[2]: one for one in record.entries}
    if "survivor" not in entries or _asks_for_a_look(entries["survivor"]):
        yield "the ordinary entry beside it was touched"
    if (made := entries.get("mutant")) is not None:
        yield from _of_body(made)
    refused = any(one.outcome is ResourceOutcome.REFUSED for one in record.resources)
    if not _was_read(moves[-1], record.entries, refused=refused):
        yield "what was planted was not read"


def _was_read(planted: Move, entries: Sequence[ClinicalEntry], *, refused: bool) -> bool:
    """Whether a label or a code is on an entry: what a list contains becomes entries of its own."""
    if planted is plant_label:
        return refused or any(label.code == "NOPAT" for one in entries for label in one.labels)
    if planted is plant_code:
        return refused or any(code.code == SENSITIVE for one in entries for code in one.codes)
    return True


def _of_body(made: ClinicalEntry) -> Iterator[str]:
    body = made.body.decode()
    if NAME in body:
        yield "another person's name is in the body"
    if FOREIGN in body or "999 000 0026" in body:
        yield "another patient's number is in the body"
    unknown = [node.path for node in read_nodes(orjson.loads(made.body)) if node.field is None]
    if unknown:
        yield f"the body has elements that FHIR does not define: {sorted(set(unknown))[:3]}"


def _source(chance: random.Random) -> Json:
    resource: Json = copy.deepcopy(orjson.loads(chance.choice(sources())))
    resource["id"] = "mutant"
    for whose in ("subject", "patient"):
        if whose in resource:
            resource[whose] = {"reference": "Patient/p"}
    return resource


def _asks_for_a_look(one: ClinicalEntry) -> bool:
    finished = {Readiness.FINAL, Readiness.FILED, Readiness.REVIEWED}
    return (
        one.third_party is not ThirdParty.NONE
        or Marker.UNKNOWN in one.markers
        or one.readiness not in finished
        or bool(one.labels)
    )
