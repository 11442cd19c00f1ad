"""The codes of status that HL7 requires, by type, element and version."""

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, iterparse

from recordgate_deploy.embedded.jars import verified_jars
from tests.support.fhir_definitions.official import JARS, NS, definitions, value

Statuses = Mapping[str, Mapping[str, frozenset[str]]]
"""By type and element the codes that a resource of the type may have there."""


def official_statuses(store: Path, version: str, elements: frozenset[str]) -> Statuses:
    """Return what the elements of these names (`status`) may say in each type, by their required bindings."""
    (jar,) = verified_jars(store, (JARS[version],))
    folder = f"org/hl7/fhir/{'dstu3' if version == 'stu3' else version}/model"
    codes = dict(_code_systems(jar, folder))
    sets = {name: _members(node, codes) for name, node in _read(jar, folder, "ValueSet")}
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for name, definition in definitions(jar, version):
        for element in definition.iter(f"{NS}element"):
            kind, _, field = (value(element, "path") or "").partition(".")
            binding = element.find(f"{NS}binding")
            if kind == name and field in elements and binding is not None:
                bound = _bound(binding)
                if bound in sets and value(binding, "strength") == "required":
                    found[kind][field] = sets[bound]
    return found


def _bound(binding: Element) -> str:
    """Return the value set that a binding names: in an element of its own in R4, in a Reference in STU3."""
    reference = binding.find(f"{NS}valueSetReference")
    named = value(binding if reference is None else reference, "reference") or value(
        binding, "valueSet"
    )
    return (named or "").partition("|")[0]


def _read(jar: Path, folder: str, tag: str) -> Iterator[tuple[str, Element]]:
    """Yield the sets or systems of codes, each by its address."""
    with (
        zipfile.ZipFile(jar) as archive,
        archive.open(f"{folder}/valueset/valuesets.xml") as stream,
    ):
        for _, node in iterparse(stream):  # noqa: S314  the jar's hash is locked
            if node.tag == f"{NS}{tag}":
                yield value(node, "url") or "", node


def _code_systems(jar: Path, folder: str) -> Iterator[tuple[str, frozenset[str]]]:
    for url, node in _read(jar, folder, "CodeSystem"):
        yield url, frozenset(value(one, "code") or "" for one in node.iter(f"{NS}concept"))


def _members(node: Element, codes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    for part in node.iter(f"{NS}include"):
        listed = {value(one, "code") or "" for one in part.findall(f"{NS}concept")}
        found |= listed or codes.get(value(part, "system") or "", frozenset())
    return frozenset(found)
