"""Keys of services under test, and how a ledger comes to know them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg
from joserfc.jwk import OKPKey

from recordgate_runtime.service_keys import ServiceKey
from recordgate_runtime.signing_keys import public_text
from recordgate_streams.ledger.service_keys import NewKey, ServiceKeyStore

EVER = datetime(2000, 1, 1, tzinfo=UTC)
_PAIR = OKPKey.generate_key("Ed25519")
SERVICE = ServiceKey.of(_PAIR)
"""Speaks for all practices in every ledger under test."""


def new_service(
    owner: psycopg.Connection, practices: Sequence[str] | None = None, **times: datetime
) -> ServiceKey:
    """Return a new service whose key the ledger knows, for these practices or for all."""
    pair = OKPKey.generate_key("Ed25519")
    introduce(owner, pair, practices, **times)
    return ServiceKey.of(pair)


def introduce(
    owner: psycopg.Connection,
    pair: OKPKey = _PAIR,
    practices: Sequence[str] | None = None,
    **times: datetime,
) -> None:
    """Let the ledger know a key: since ever, unless `times` say otherwise."""
    of = ServiceKey.of(pair).key_id
    new = NewKey(of, "test", public_text(pair), practices, **{"valid_from": EVER, **times})  # type: ignore[arg-type]
    ServiceKeyStore(owner).add(new, "test", EVER)


def retire(owner: psycopg.Connection, key: ServiceKey, at: datetime) -> None:
    """Retire a service's key."""
    store = ServiceKeyStore(owner)
    (known,) = store.named([key.key_id])
    store.retire(known.service_key_id, "test", at)
