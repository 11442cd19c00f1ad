"""Reads a Bundle: its resources under one key each, whatever way they are referred to.

What is no record at all (not JSON, not FHIR, an error answer, an empty answer) is refused here in one sentence.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import orjson
import simplejson

from recordgate_producers.fhir.reading import Node, read_nodes
from recordgate_producers.fhir.tree import Json, Written, codes, nodes, text, texts
from recordgate_schemas.errors import PoisonError

STORED = ("PUT", "POST")
"""What a Bundle asks to do with a resource that it hands over whole."""

DELETED = "DELETE"
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID = re.compile(r"[A-Za-z0-9._:|-]{1,200}")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Resource:
    """One resource: its place in the Bundle, its type and id (a urn:uuid fullUrl serves as id if there is none).

    `method`: what the Bundle asks to do with it, STORED if it does not say.
    """

    index: int
    type: str
    id: str | None
    json: Json
    method: str = STORED[0]

    @property
    def key(self) -> str:
        """`Type/id`; a resource without id has a key of its own that no reference can name."""
        return f"{self.type}/{self.id}" if self.id else f"#{self.index}/{self.type}"

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node of it, read once."""
        return read_nodes(self.json)


@dataclass(frozen=True)
class Bundle:
    """The resources of a Bundle in their order, one per key; `duplicates` are those whose key came before.

    `names`: every spelling that means one resource only. `servers`: where the addresses of these resources begin.
    """

    json: Json
    resources: tuple[Resource, ...]
    duplicates: tuple[Resource, ...]
    untyped: tuple[int, ...]
    by_key: Mapping[str, Resource]
    names: Mapping[str, str]
    servers: frozenset[str]

    @cached_property
    def in_conflict(self) -> frozenset[str]:
        """The keys under which the Bundle has different resources: which one is meant nobody can tell."""
        return frozenset(
            one.key for one in self.duplicates if self.by_key[one.key].json != one.json
        )

    def key_of(self, reference: str) -> str | None:
        """Return the key a reference names, whether or not the Bundle has it; None if it names nothing.

        SAFETY: the server does not matter, so that no label is unhooked by a longer spelling; see `is_elsewhere`.
        """
        plain = _plain(reference)
        if plain in self.by_key:
            return plain
        _, kind, identity = _parts(plain)
        for spelled in (plain, f"{kind}/{identity}", f"{kind}/{identity}".partition("|")[0]):
            if (known := self.names.get(spelled.casefold())) is not None:
                return known
        return f"{kind}/{identity}" if _TYPE.fullmatch(kind) and _ID.fullmatch(identity) else None

    def is_elsewhere(self, reference: str) -> bool:
        """Whether a reference names a resource of another server: its `Patient/p` need not be this Bundle's."""
        server = _parts(_plain(reference))[0].casefold()
        return bool(server) and server not in self.servers


def parse(data: bytes) -> Any:
    """Return JSON; raise PoisonError with the place of the mistake, never the text around it."""
    plain = data.removeprefix(_BOM)
    try:
        orjson.loads(plain)  # strict: no NaN, no half characters, no endless nesting
    except orjson.JSONDecodeError as error:
        raise PoisonError(
            f"not JSON (line {error.lineno}, column {error.colno}); export the record again"
        ) from None
    try:
        return simplejson.loads(plain.decode("utf-8"), parse_float=Written)
    except RecursionError:
        raise PoisonError("nested too deeply to be a record; export it again") from None


def open_bundle(document: Any) -> Bundle:
    """Return the Bundle's resources; raise PoisonError if the document is no Bundle with any."""
    entries = _entries(document)
    found, untyped = [], []
    for index, entry in enumerate(entries):
        resource = _resource(index, entry)
        if resource is None:
            untyped.append(index)
        else:
            found += _lifted(resource)
    by_key: dict[str, Resource] = {}
    for resource in found:
        by_key.setdefault(resource.key, resource)
    urls = {one.index: url for one in found if (url := text(entries[one.index], "fullUrl"))}
    return Bundle(
        json=document,
        resources=tuple(by_key.values()),
        duplicates=tuple(one for one in found if by_key[one.key] is not one),
        untyped=tuple(untyped),
        by_key=by_key,
        names=_names(found, urls),
        servers=frozenset(_parts(url)[0].casefold() for url in urls.values()) - {""},
    )


def _entries(document: Any) -> list[Any]:
    kind = text(document, "resourceType") if isinstance(document, dict) else None
    if kind is None:
        raise PoisonError("not FHIR: no resourceType; give a FHIR Bundle")
    if kind == "OperationOutcome":
        raise PoisonError(
            "an error answer (OperationOutcome), not a record; ask for the record again"
        )
    if kind != "Bundle":
        name = kind if _TYPE.fullmatch(kind) else "resource"
        raise PoisonError(f"a single {name}, not a record; put it in a Bundle with its Patient")
    entries = document.get("entry", [])
    if not isinstance(entries, list):
        raise PoisonError("Bundle.entry: not a list; export the record again")
    if not entries:
        raise PoisonError("an empty answer: a Bundle without entries; ask for the record again")
    return entries


def _resource(index: int, entry: Any) -> Resource | None:
    body = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(body, dict):
        return None
    kind = _type_of(body)
    if kind is None:
        return None
    identity = text(body, "id") or (text(entry, "fullUrl") or "").partition("urn:uuid:")[2]
    method = text(entry, "request", "method") or STORED[0]
    return Resource(index, kind, identity or None, body, method.strip().upper())


def _type_of(resource: Json) -> str | None:
    kind = resource.get("resourceType")
    return kind if isinstance(kind, str) and _TYPE.fullmatch(kind) else None


def _lifted(resource: Resource) -> list[Resource]:
    """Return a List and the entries it carried inside itself: GP Connect sends ended allergies that way."""
    parts = [*nodes(resource.json, "contained")] if resource.type == "List" else []
    inside = [(part, one) for part in parts if (one := _part(resource, part))]
    if not inside:
        return [resource]
    lifted = [part for part, _ in inside]
    keys = {f"#{part.get('id')}": one.key for part, one in inside}
    rest = [part for part in parts if part not in lifted]
    holder = replace(resource, json=_renamed(resource.json | {"contained": rest}, keys))
    return [holder, *(replace(one, json=_renamed(one.json, keys)) for _, one in inside)]


def _part(resource: Resource, part: Json) -> Resource | None:
    kind = _type_of(part)
    if kind is None or kind == "Patient":
        return None
    return Resource(resource.index, kind, _id_outside(resource, part), part)


def _id_outside(resource: Resource, part: Json) -> str | None:
    """Return the id of what a List contains: within its List, unless the source gave it an identifier of its own.

    Contained ids are unique in their List only; of two lists each may have its own `1`.
    """
    identity = text(part, "id")
    if identity is None or any(texts(part, "identifier", "value")):
        return identity
    scope = resource.id or next((code.code for code in codes(resource.json, "code")), "")
    return f"{scope}.{identity}" if scope else identity


def _renamed(node: Any, keys: Mapping[str, str]) -> Any:
    """Return a copy whose references to what was lifted name it as the entry it has become."""
    if isinstance(node, list):
        return [_renamed(part, keys) for part in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _renamed(value, keys) for key, value in node.items()}
    if isinstance(copy.get("reference"), str):
        copy["reference"] = keys.get(copy["reference"], copy["reference"])
    return copy


def _names(found: Iterable[Resource], urls: Mapping[int, str]) -> dict[str, str]:
    """Return the key behind each spelling that means one resource only, whatever the case of its letters."""
    keys: dict[str, set[str]] = defaultdict(set)
    lifted: set[int] = set()
    for one in found:
        spelled = [one.key]
        if one.id:
            spelled.append(f"urn:uuid:{one.id}")
        if (
            one.index not in lifted and one.index in urls
        ):  # what was lifted out of a List has no address
            spelled.append(urls[one.index])
        lifted.add(one.index)
        for name in spelled:
            keys[name.casefold()].add(one.key)
    return {name: meant.pop() for name, meant in keys.items() if len(meant) == 1}


def _plain(reference: str) -> str:
    """Return a reference without what does not say which resource it names: a version, a query, a fragment."""
    plain = re.split(r"/_history/|[?#]", unquote(reference).strip(), maxsplit=1)[0]
    return plain.rstrip("/")


def _parts(reference: str) -> tuple[str, str, str]:
    """Return server, type and id; the server is empty in a relative reference."""
    head, _, identity = reference.rpartition("/")
    server, _, kind = head.rpartition("/")
    return server, kind, identity
