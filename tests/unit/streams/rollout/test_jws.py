"""A signature counts in one form, from a known approver, for one purpose; everything else is refused and says why."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from recordgate_schemas.errors import UsageError
from recordgate_streams.rollout import jws
from recordgate_streams.rollout.approvals import (
    PURPOSE,
    ApprovalClaims,
    sign_approval,
    verify_approval,
)
from recordgate_streams.rollout.refusal import Refused

ANN, BEN = OKPKey.generate_key("Ed25519"), OKPKey.generate_key("Ed25519")
KEYS = {"ann": ANN, "ben": BEN}
HEADER = {"alg": "Ed25519", "kid": "ann", "typ": PURPOSE}
CLAIMS = ApprovalClaims(
    accept_appear=12, accept_disappear=3, engine="e" * 64, rehearsal="d" * 64, ruleset="f" * 64
)
PAYLOAD = json.dumps(CLAIMS.model_dump(), separators=(",", ":")).encode()
"""Canonical: its keys are in order."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def forge(header: object = HEADER, payload: bytes = PAYLOAD, key: OKPKey = ANN) -> str:
    """A JWS made by hand, whatever its header says, with a true Ed25519 signature."""
    text = header if isinstance(header, bytes) else compact(header)
    signed = f"{b64(text)}.{b64(payload)}"
    return f"{signed}.{b64(key.private_key.sign(signed.encode()))}"  # type: ignore[union-attr]


def with_header(**members: Any) -> str:
    return forge({**HEADER, **members})


def test_a_signature_made_by_hand_is_the_one_we_make() -> None:
    ours = sign_approval(CLAIMS, "ann", ANN)
    assert ours == forge()
    found = verify_approval(ours, KEYS)
    assert (found.approver, found.claims) == ("ann", CLAIMS)


def signed_with_public_key_as_secret() -> str:
    """The classic confusion: HMAC, whose secret is the public key that everybody knows."""
    signed = f"{b64(compact({**HEADER, 'alg': 'HS256'}))}.{b64(PAYLOAD)}"
    secret = ANN.as_pem(private=False)
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def replaced(part: int, text: str) -> str:
    parts = forge().split(".")
    return ".".join([*parts[:part], text, *parts[part + 1 :]])


def flipped() -> str:
    signature = base64.urlsafe_b64decode(forge().split(".")[2] + "==")
    return replaced(2, b64(bytes([signature[0] ^ 1]) + signature[1:]))


def unused_bits() -> str:
    """The last character of 64 bytes in base64 has four bits that decoders leave out."""
    last = forge()[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return forge()[:-1] + alphabet[alphabet.index(last) + 1]


OTHER = {**CLAIMS.model_dump(), "accept_disappear": 4}
NO_JWS, DOES_NOT_HOLD = "no compact JWS", "ann: the signature does not hold"
NOT_CANONICAL, NO_APPROVAL = r"not canonical JSON \(RFC 8785\); sign again", "is no approval; make"
REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "unknown kid": (lambda: with_header(kid="eve"), "eve: not among the trusted approvers; see"),
    "no kid": (lambda: forge({"alg": "Ed25519", "typ": PURPOSE}), "not among the trusted"),
    "kid of another type": (lambda: with_header(kid=["ann"]), "not among the trusted"),
    "another's kid": (lambda: with_header(kid="ben"), "ben: the signature does not hold"),
    "wrong typ": (
        lambda: with_header(typ="recordgate-approvers+jws"),
        f"its typ must be {re.escape(PURPOSE)}",
    ),
    "no typ": (lambda: forge({"alg": "Ed25519", "kid": "ann"}), "was given for something else"),
    "alg none": (lambda: with_header(alg="none"), "alg must be Ed25519; sign again"),
    "alg none, no signature": (
        lambda: f"{b64(compact({**HEADER, 'alg': 'none'}))}.{b64(PAYLOAD)}.",
        "alg must be Ed25519",
    ),
    "alg HS256": (signed_with_public_key_as_secret, "alg must be Ed25519"),
    "alg EdDSA, deprecated": (lambda: with_header(alg="EdDSA"), "alg must be Ed25519"),
    "alg Ed448": (lambda: with_header(alg="Ed448"), "alg must be Ed25519"),
    "no alg": (lambda: forge({"kid": "ann", "typ": PURPOSE}), NO_JWS),
    "a key of its own": (
        lambda: with_header(jwk=ANN.as_dict(private=False)),
        "header must be alg, kid and typ",
    ),
    "unencoded payload": (lambda: with_header(b64=False, crit=["b64"]), "header must be alg"),
    "header in another order": (
        lambda: forge({"typ": PURPOSE, "kid": "ann", "alg": "Ed25519"}),
        "header must be alg",
    ),
    "header with spaces": (lambda: forge(json.dumps(HEADER).encode()), "header must be alg"),
    "header with a key twice": (
        lambda: forge(b'{"alg":"none",' + compact(HEADER)[1:]),
        "header must be alg",
    ),
    "header no object": (lambda: forge(["alg"]), NO_JWS),
    "header a text": (lambda: forge("alg"), NO_JWS),
    "header no JSON": (lambda: forge(b"{"), NO_JWS),
    "detached payload": (lambda: replaced(1, ""), "payload is detached; sign with the payload"),
    "another payload": (lambda: replaced(1, b64(compact(OTHER))), DOES_NOT_HOLD),
    "a flipped bit": (flipped, DOES_NOT_HOLD),
    "no signature": (lambda: replaced(2, ""), DOES_NOT_HOLD),
    "half a signature": (lambda: replaced(2, forge().split(".")[2][:43]), DOES_NOT_HOLD),
    "another key's signature": (lambda: forge(key=BEN), DOES_NOT_HOLD),
    "unused bits set": (unused_bits, DOES_NOT_HOLD),
    "a line after": (lambda: forge() + "\n", "the signature does not hold"),
    "a space before": (lambda: " " + forge(), NO_JWS),
    "padding": (lambda: forge() + "==", DOES_NOT_HOLD),
    "a fourth part": (lambda: forge() + ".x", NO_JWS),
    "two parts": (lambda: forge().rpartition(".")[0], NO_JWS),
    "nothing": (lambda: "", NO_JWS),
    "not ASCII": (lambda: forge() + "é", NO_JWS),
    "JSON serialisation": (lambda: json.dumps({"payload": "", "signatures": []}), NO_JWS),
    "payload with spaces": (
        lambda: forge(payload=json.dumps(CLAIMS.model_dump()).encode()),
        NOT_CANONICAL,
    ),
    "payload in another order": (
        lambda: forge(payload=compact(dict(reversed(CLAIMS.model_dump().items())))),
        NOT_CANONICAL,
    ),
    "payload with a key twice": (
        lambda: forge(payload=b'{"accept_appear":0,' + PAYLOAD[1:]),
        NOT_CANONICAL,
    ),
    "payload with more after it": (lambda: forge(payload=PAYLOAD + b"{}"), NOT_CANONICAL),
    "a count as a fraction": (
        lambda: forge(payload=PAYLOAD.replace(b":12,", b":12.0,")),
        NOT_CANONICAL,
    ),
    "payload no JSON": (lambda: forge(payload=b"\xff"), NOT_CANONICAL),
    "payload too deep": (lambda: forge(payload=b"[" * 90_000), NOT_CANONICAL),
    "payload no object": (lambda: forge(payload=b"[]"), NO_APPROVAL),
    "a claim missing": (lambda: forge(payload=b'{"accept_appear":0}'), NO_APPROVAL),
    "a claim more": (lambda: forge(payload=PAYLOAD[:-1] + b',"z":1}'), NO_APPROVAL),
    "a negative count": (lambda: forge(payload=PAYLOAD.replace(b":12,", b":-1,")), NO_APPROVAL),
    "a count as text": (lambda: forge(payload=PAYLOAD.replace(b":12,", b':"12",')), NO_APPROVAL),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_an_approval_is_refused_and_says_what_to_do(what: str) -> None:
    make, why = REFUSED[what]
    with pytest.raises(Refused, match=why):
        verify_approval(make(), KEYS)


def test_a_key_of_another_curve_is_never_taken() -> None:
    """Even if such a key were among the approvers."""
    ed448 = OKPKey.generate_key("Ed448")
    with pytest.raises(Refused, match="does not hold"):
        verify_approval(forge(key=ed448), {"ann": ed448})


def test_a_name_that_would_write_on_the_terminal_is_not_shown() -> None:
    with pytest.raises(Refused) as caught:
        verify_approval(with_header(kid="\x1b[2J"), KEYS)
    assert "\x1b" not in str(caught.value)


def test_a_file_ends_with_one_line_end_that_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "approval-ann.jws"
    file.write_text(forge() + "\n")
    assert jws.read(file) == forge()
    file.write_text(forge() + "\n\n")
    with pytest.raises(Refused):
        verify_approval(jws.read(file), KEYS)


def test_a_file_without_a_signature_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "approval-ann.jws"
    with pytest.raises(UsageError, match=r"approval-ann\.jws: cannot be read"):
        jws.read(file)
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"approval-ann\.jws: no JWS; make one with"):
        jws.read(str(file))
