"""Names entries to their reader by public ids: a source numbers in a run, and a gap in it would tell of a hidden entry.

A reference to an entry that the reader sees names it by its public id; any other one is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

Json = dict[str, Any]

OWN_PATIENT = "Patient/self"
"""What every body calls its patient."""


def with_public_ids(
    public_ids: Sequence[UUID], resources: Sequence[Json | None]
) -> list[Json | None]:
    """Return a view's resources, in order, under public ids; None stays None."""
    keys = [_key(one) if one else "" for one in resources]
    alone = Counter(keys)
    names = {
        key: f"{key.partition('/')[0]}/{public_id}"
        for key, public_id in zip(keys, public_ids, strict=True)
        if alone[key]
        == 1  # two systems may have given one id; which of them is meant nobody can tell
    }
    return [
        _named(one, public_id, names) if one is not None else None
        for one, public_id in zip(resources, public_ids, strict=True)
    ]


def _key(resource: Json) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _named(resource: Json, public_id: UUID, names: Mapping[str, str]) -> Json:
    named: Json = _copy(resource, names) or {}
    return named | {"id": str(public_id)} if "id" in resource else named


def _copy(node: Any, names: Mapping[str, str]) -> Any:
    """Return a copy that refers to public ids; None for what is empty without its reference."""
    if isinstance(node, list):
        pairs = ((one, _copy(one, names)) for one in node)
        return [part for one, part in pairs if one is None or part is not None] or None
    if not isinstance(node, dict):
        return node
    copy = {
        key: _target(part, names) if key == "reference" else _copy(part, names)
        for key, part in node.items()
    }
    return {key: part for key, part in copy.items() if part is not None} or None


def _target(reference: Any, names: Mapping[str, str]) -> str | None:
    if not isinstance(reference, str):
        return None
    stays = reference.startswith("#") or reference == OWN_PATIENT
    return reference if stays else names.get(reference)
