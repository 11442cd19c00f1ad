"""Signatures: JWS compact serialisation (RFC 7515), Ed25519 (RFC 9864), RFC 8785 JSON as payload.

There is one form and no other: the header is `{"alg":"Ed25519","kid":NAME,"typ":PURPOSE}` in just these bytes, and the
payload is canonical JSON. docs/runbook/ruleset.md shows how to verify a signature without this program.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from recordgate_schemas.errors import RecordgateError

ALGORITHM = "Ed25519"
_ONLY = jws.JWSRegistry(algorithms=[ALGORITHM])


class BadSignature(RecordgateError):
    """A text that is not the signature it is taken for; the message says why."""


class UnknownSigner(BadSignature):
    """A signature that names a signer whose key is not among those given."""

    def __init__(self, signer: str) -> None:
        super().__init__(f"signature of {signer}: not among the known signers")
        self.signer = signer


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


def verify(text: str, purpose: str, keys: Mapping[str, OKPKey]) -> Signed:
    """Return what was signed; raise BadSignature unless one of the keys signed it for this purpose, in the one form.

    SAFETY: the algorithm is ours and the key is the signer's as we know it; the header chooses neither, nor may it say
    more.
    """
    signer, header, payload = _opened(text)
    about = f"signature of {signer}"
    if header.get("alg") != ALGORITHM:
        raise BadSignature(f"{about}: its alg must be {ALGORITHM}; sign again with an Ed25519 key")
    if header.get("typ") != purpose:
        raise BadSignature(f"{about}: was given for something else; its typ must be {purpose}")
    if signer not in keys:
        raise UnknownSigner(signer)
    if not text.startswith(_encoded(_header(purpose, signer)) + "."):
        raise BadSignature(
            f"{about}: its header must be alg, kid and typ, as canonical JSON; sign again"
        )
    try:
        jws.deserialize_compact(text, keys[signer], registry=_ONLY)
    except JoseError:
        raise BadSignature(
            f"{about}: the signature does not hold: the text was changed or signed with another key;"
            " sign again"
        ) from None
    return Signed(signer, _canonical(about, payload))


def detach(text: str) -> str:
    """Return a JWS without its payload (RFC 7515, appendix F), for where the payload is known from elsewhere."""
    header, _, signature = text.split(".")
    return f"{header}..{signature}"


def attach(text: str, payload: Any) -> str:
    """Return a detached JWS with its payload put back; raise BadSignature when it is none."""
    header, _, signature = text.partition("..")
    if not (header and signature) or "." in header + signature:
        raise BadSignature("signature: no detached JWS")
    return f"{header}.{_encoded(payload)}.{signature}"


def named_signer(text: str) -> str:
    """Return whom a detached JWS names as its signer, not verified; raise BadSignature when it names nobody."""
    signer, _, _ = _opened(attach(text, None))
    return signer


def _header(purpose: str, signer: str) -> dict[str, str]:
    return {"alg": ALGORITHM, "kid": signer, "typ": purpose}


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(rfc8785.dumps(value)).decode().rstrip("=")


def _opened(text: str) -> tuple[str, Mapping[str, Any], bytes]:
    """Return the signer's name, the header and the payload, none of them verified."""
    if text.partition(".")[2].startswith("."):
        raise BadSignature("signature: its payload is detached; sign with the payload inside")
    try:
        found = jws.extract_compact(text.encode("ascii"), registry=_ONLY)
        header = dict(found.headers())
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadSignature(
            "signature: no compact JWS: three parts in base64url, nothing before or after"
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
        raise BadSignature(f"{about}: its payload is not canonical JSON (RFC 8785); sign again")
    return data
