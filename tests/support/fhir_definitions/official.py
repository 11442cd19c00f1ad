"""The elements of FHIR types, as HL7 defines them: one row a path, both versions merged."""

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, iterparse

from recordgate_deploy.embedded.jars import Jar, verified_jars

JARS = {
    "stu3": Jar(
        "ca.uhn.hapi.fhir",
        "hapi-fhir-validation-resources-dstu3",
        "8.4.0",
        "2e3c78072d3220612c9db8202550f9f09b7a52542d9c6769b791a354faddf480",
    ),
    "r4": Jar(
        "ca.uhn.hapi.fhir",
        "hapi-fhir-validation-resources-r4",
        "8.4.0",
        "b14c6f72baaaf2af6cc6a6a943b3b895973222b5a220ee992a05b81b34a3acc4",
    ),
}
FILES = ("profiles-types.xml", "profiles-resources.xml")
NS = "{http://hl7.org/fhir}"
_FHIRPATH = "http://hl7.org/fhirpath/System."

BASES = frozenset({"Resource", "DomainResource", "Element", "BackboneElement"})
"""Types whose elements every other type repeats; they are listed once, there."""


@dataclass(slots=True)
class Row:
    """One element: its types, the resources a reference may name, whether it may change the meaning of others.

    `many`: it may be a list, in one version at least; `required`: it must be there, in every version that has it.
    """

    types: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    modifier: bool = False
    many: bool = False
    required: bool = True
    versions: set[str] = field(default_factory=set)


def official_elements(
    store: Path, resources: frozenset[str], versions: Iterable[str] = JARS
) -> dict[str, Row]:
    """Return the elements of the wanted resources and of every data type, by path."""
    rows: dict[str, Row] = defaultdict(Row)
    for version in versions:
        (path,) = verified_jars(store, (JARS[version],))
        for name, definition in definitions(path, version):
            if value(definition, "kind") != "resource" or name in resources | BASES:
                _read(definition, version, rows)
    return _reachable(rows, resources)


def _reachable(rows: dict[str, Row], resources: frozenset[str]) -> dict[str, Row]:
    """Return the rows of the wanted resources and of what they can hold, however deep."""
    wanted, waiting = set(), {*resources, *BASES}
    while waiting:
        wanted |= waiting
        held = {
            name
            for path, row in rows.items()
            if path.partition(".")[0] in waiting
            for name in row.types
        }
        waiting = held - wanted
    return {path: row for path, row in rows.items() if path.partition(".")[0] in wanted}


def definitions(jar: Path, version: str) -> Iterator[tuple[str, Element]]:
    """Yield the base definitions of a version, one at a time: the files are 30 MB of XML."""
    folder = f"org/hl7/fhir/{'dstu3' if version == 'stu3' else version}/model/profile"
    with zipfile.ZipFile(jar) as archive:
        for file in FILES:
            with archive.open(f"{folder}/{file}") as stream:
                for _, node in iterparse(stream):  # noqa: S314  the jar's hash is locked
                    if node.tag == f"{NS}StructureDefinition":
                        if value(node, "derivation") != "constraint":
                            yield value(node, "name") or "", node
                        node.clear()


def _read(definition: Element, version: str, rows: dict[str, Row]) -> None:
    snapshot = definition.find(f"{NS}snapshot")
    assert snapshot is not None
    for element in snapshot.findall(f"{NS}element"):
        path = value(element, "path") or ""
        if "." not in path or _is_repeated(element, path):
            continue
        row = rows[path]
        row.types |= set(_types(element))
        row.targets |= set(_targets(element))
        row.modifier |= value(element, "isModifier") == "true"
        row.required &= value(element, "min") != "0"
        row.many |= value(element, "max") not in ("0", "1")
        row.versions.add(version)


def _is_repeated(element: Element, path: str) -> bool:
    base = element.find(f"{NS}base")
    origin = (value(base, "path") if base is not None else None) or path
    return origin != path and origin.partition(".")[0] in BASES


def _types(element: Element) -> Iterator[str]:
    if reference := value(element, "contentReference"):
        yield "@" + reference.removeprefix("#")
    for one in element.findall(f"{NS}type"):
        # the value of a primitive, and ids, are named in FHIRPath's words in R4 and not at all in STU3
        name = (value(one, "code") or "string").removeprefix(_FHIRPATH)
        yield (
            name[0].lower() + name[1:]
            if name in ("String", "Boolean", "Date", "DateTime")
            else name
        )


def _targets(element: Element) -> Iterator[str]:
    for one in element.findall(f"{NS}type"):
        for profile in one.findall(f"{NS}targetProfile"):
            yield (profile.get("value") or "").rpartition("/")[2]


def value(node: Element, name: str) -> str | None:
    child = node.find(f"{NS}{name}")
    return None if child is None else child.get("value")
