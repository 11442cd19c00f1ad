"""How a mutated resource stands in its Bundle: by itself, twice, or wrapped in something else."""

from collections.abc import Callable

from tests.mutated.moves import Json
from tests.unit.producers.bundles import AT, listing, observation

Stand = Callable[[Json], list[Json]]


def alone(resource: Json) -> list[Json]:
    """As it is."""
    return [resource]


def twice_first(resource: Json) -> list[Json]:
    """Before another resource with its id."""
    return [resource, {**observation("mutant"), "resourceType": resource["resourceType"]}]


def twice_last(resource: Json) -> list[Json]:
    """After another resource with its id."""
    return twice_first(resource)[::-1]


def in_a_list(resource: Json) -> list[Json]:
    """Contained in a List, after a null and a text."""
    return [listing("l", "#mutant", contained=[None, "x", resource])]


def in_two_lists(resource: Json) -> list[Json]:
    """Contained in a List, of which another one has something else under that id."""
    other = {**observation("mutant"), "resourceType": resource["resourceType"]}
    return [
        listing("k", "#mutant", contained=[other]),
        listing("l", "#mutant", contained=[resource]),
    ]


def in_parameters(resource: Json) -> list[Json]:
    """A parameter."""
    parameter = [{"name": "x", "resource": resource}]
    return [{"resourceType": "Parameters", "id": "ps", "parameter": parameter}]


def in_a_bundle(resource: Json) -> list[Json]:
    """In a Bundle of its own."""
    inner = {"resourceType": "Bundle", "id": "b", "type": "collection", "timestamp": AT}
    return [{**inner, "entry": [{"resource": resource}]}]


def in_an_entry(resource: Json) -> list[Json]:
    """Contained in something ordinary that refers to it."""
    holder = observation(
        "o", related=[{"type": "derived-from", "target": {"reference": "#mutant"}}]
    )
    return [{**holder, "contained": [resource]}]


STANDS: tuple[Stand, ...] = (
    *[alone] * 8, twice_first, twice_last, in_a_list, in_two_lists, in_parameters, in_a_bundle, in_an_entry,
)  # fmt: skip
