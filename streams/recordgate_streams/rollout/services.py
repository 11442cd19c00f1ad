"""Which services may sign controls: their keys are added, shown and retired by operators, one row after another."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from recordgate_runtime.clock import Clock
from recordgate_runtime.service_keys import key_id_of
from recordgate_runtime.signing_keys import private_key, public_key, public_text
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import OdsCode
from recordgate_streams.ledger.service_keys import KnownKey, NewKey, ServiceKeyStore
from recordgate_streams.rollout.names import NAME

KEEPER = "recordgate up"
"""Who adds the first keys of an embedded ledger."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who changes keys, and when."""

    name: str
    at: datetime


def service_name(text: str) -> str:
    """Return a service's name; raise UsageError when it is none."""
    if len(text) > 64 or not re.fullmatch(NAME, text):
        raise UsageError("service: must be letters, digits and single hyphens, 64 at most")
    return text


def add(
    store: ServiceKeyStore,
    name: str,
    public: str,
    keeper: Keeper,
    *,
    practices: Sequence[OdsCode] | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """Add a service's key, valid from now or the instant given; return its id. Raises UsageError when it is none."""
    begins = since or keeper.at
    try:
        key_id = key_id_of(public_key(public))
    except ValueError as error:
        raise UsageError(f"public key: {error}") from None
    if until is not None and until <= begins:
        raise UsageError("--until: must lie after the key's beginning")
    store.lock()
    in_use = [one for one in store.named([key_id]) if _overlaps(one, begins)]
    if in_use:
        raise UsageError(f"this key is known already as {in_use[0].name}; retire it first")
    store.add(NewKey(key_id, name, public, practices, begins, until), keeper.name, keeper.at)
    return key_id


def retire(store: ServiceKeyStore, name: str, keeper: Keeper) -> list[KnownKey]:
    """Retire every key of a service that still counts; raise UsageError when there is none."""
    store.lock()
    found = [one for one in store.all() if one.name == name and _overlaps(one, keeper.at)]
    if not found:
        raise UsageError(f"no key of {name} counts; see `recordgate services list`")
    for one in found:
        store.retire(one.service_key_id, keeper.name, keeper.at)
    return found


def install(store: ServiceKeyStore, files: Mapping[str, Path], clock: Clock) -> None:
    """Add the keys of services of whom this ledger never knew any, for all practices."""
    store.lock()
    known = {one.name for one in store.all()}
    for name, file in files.items():
        if name not in known:
            public = public_text(private_key(file))
            add(store, name, public, Keeper(KEEPER, clock.now()), practices=None)


def lines(keys: Iterable[KnownKey], at: datetime) -> list[str]:
    """Return one line for each key: its service, id, practices, and whether it counts."""
    return [
        f"{one.name}  {one.key_id}  {' '.join(one.practices or ['all practices'])}  {_state(one, at)}"
        for one in keys
    ]


def _state(one: KnownKey, at: datetime) -> str:
    if one.retired_at is not None:
        return f"retired {one.retired_at.isoformat()}"
    if one.is_valid_at(at):
        until = f" until {one.valid_until.isoformat()}" if one.valid_until else ""
        return f"valid since {one.valid_from.isoformat()}{until}"
    return f"valid from {one.valid_from.isoformat()}" if at < one.valid_from else "expired"


def _overlaps(one: KnownKey, begins: datetime) -> bool:
    """Whether a key still counts at an instant or will later."""
    ends = [end for end in (one.valid_until, one.retired_at) if end is not None]
    return all(begins < end for end in ends)
