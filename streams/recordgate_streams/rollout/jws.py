"""Signatures of approvers: JWS compact serialisation (RFC 7515), Ed25519 (RFC 9864), RFC 8785 JSON as payload.

There is one form and no other: the header is `{"alg":"Ed25519","kid":NAME,"typ":PURPOSE}` in just these bytes, and the
payload is canonical JSON. docs/runbook/ruleset.md shows how to verify a signature without this program.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from recordgate_schemas.errors import UsageError
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.ruleset import read_text

ALGORITHM = "Ed25519"
_ONLY = jws.JWSRegistry(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: who signed, and the payload as data."""

    signer: str
    payload: Any


def sign(purpose: str, payload: Any, signer: str, key: OKPKey) -> str:
    """Return the signer's JWS over the canonical JSON of the payload. `purpose`: its `typ`."""
    return jws.serialize_compact(
        _header(purpose, signer), rfc8785.dumps(payload), key, registry=_ONLY
    )


def read(path: str | Path) -> str:
    """Return the JWS of a file, not verified; a line end after it is left out. Raise UsageError when there is none."""
    file = Path(path)
    try:
        return read_text(file, "ascii").removesuffix("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{file.name}: no JWS; make one with `recordgate rules sign`") from None


def verify(text: str, purpose: str, keys: Mapping[str, OKPKey]) -> Signed:
    """Return what was signed; raise Refused unless one of the keys signed it for this purpose, in the one form.

    SAFETY: the algorithm is ours and the key is the approver's; the header chooses neither, nor may it say more.
    """
    signer, header, payload = _opened(text)
    about = f"signature of {signer}"
    if header.get("alg") != ALGORITHM:
        raise Refused(f"{about}: its alg must be {ALGORITHM}; sign again with an Ed25519 key")
    if header.get("typ") != purpose:
        raise Refused(f"{about}: was given for something else; its typ must be {purpose}")
    if signer not in keys:
        raise Refused(
            f"{about}: not among the trusted approvers; see `recordgate rules approvers list`"
        )
    if not text.startswith(_encoded(_header(purpose, signer)) + "."):
        raise Refused(
            f"{about}: its header must be alg, kid and typ, as canonical JSON; sign again"
        )
    try:
        jws.deserialize_compact(text, keys[signer], registry=_ONLY)
    except JoseError:
        raise Refused(
            f"{about}: the signature does not hold: the text was changed or signed with another key;"
            " sign again"
        ) from None
    return Signed(signer, _canonical(about, payload))


def _header(purpose: str, signer: str) -> dict[str, str]:
    return {"alg": ALGORITHM, "kid": signer, "typ": purpose}


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(rfc8785.dumps(value)).decode().rstrip("=")


def _opened(text: str) -> tuple[str, Mapping[str, Any], bytes]:
    """Return the signer's name, the header and the payload, none of them verified."""
    if text.partition(".")[2].startswith("."):
        raise Refused("signature: its payload is detached; sign with the payload inside")
    try:
        found = jws.extract_compact(text.encode("ascii"), registry=_ONLY)
        header = dict(found.headers())
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Refused(
            "signature: no compact JWS: three parts in base64url, nothing before or after; make one"
            " with `recordgate rules approve` or `sign`"
        ) from None
    signer = str(header.get("kid"))
    return signer if signer.isprintable() else "?", header, found.payload


def _canonical(about: str, payload: bytes) -> Any:
    """SAFETY: two programs may read one text as two values; so only the one canonical text of a value counts."""
    try:
        data = json.loads(payload)
        canonical = rfc8785.dumps(data)
    except (ValueError, RecursionError):
        canonical = b""
    if canonical != payload:
        raise Refused(f"{about}: its payload is not canonical JSON (RFC 8785); sign again")
    return data
