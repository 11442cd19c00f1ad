"""Signing keys: Ed25519, private in PEM files (PKCS #8), public as the base64 of their SPKI form (RFC 8410)."""

import base64
import os
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from recordgate_runtime.private_files import refuse_readable
from recordgate_schemas.errors import UsageError

CURVE: Final = "Ed25519"
SMALL_ORDER = frozenset(
    bytes.fromhex(encoding)
    for encoding in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""Every encoding of the eight points whose order divides 8, without the sign bit (RFC 7748, section 7).

SAFETY: under such a key a signature can be written down that holds for every message.
"""


def new_key(file: Path) -> str:
    """Write a new private key, readable by its owner alone, and return its public key as text."""
    key = OKPKey.generate_key(CURVE)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(key.as_pem(private=True))
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise UsageError(f"{file.name}: exists already; keys are never overwritten") from None
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be written: {error.strerror}") from None
    return public_text(key)


def private_key(path: str | Path) -> OKPKey:
    """Return the private key of a PEM file without a password; raise UsageError when it holds none.

    SAFETY: a key that others may read is not used; who has read it can sign.
    """
    file = Path(path)
    refuse_readable(file, "private key")
    try:
        key = OKPKey.import_key(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be read: {error.strerror}") from None
    except JoseError:
        raise UsageError(
            f"{file.name}: not Ed25519; make one with `recordgate rules keygen`"
        ) from None
    except (ValueError, TypeError):
        raise UsageError(f"{file.name}: no private key in PEM without a password") from None
    if not key.is_private or key.curve_name != CURVE:
        raise UsageError(
            f"{file.name}: no private Ed25519 key; make one with `recordgate rules keygen`"
        )
    return key


def public_key(text: str) -> OKPKey:
    """Return the public key that the text means; raise ValueError when it means none, or not in this one form."""
    try:
        key = OKPKey.import_key(base64.b64decode(text, validate=True))
    except (ValueError, JoseError):
        raise ValueError(_NO_PUBLIC_KEY) from None
    if key.is_private or key.curve_name != CURVE or public_text(key) != text:
        raise ValueError(_NO_PUBLIC_KEY)
    if _point(key) in SMALL_ORDER:
        raise ValueError(
            "an Ed25519 key of small order, for which anybody can sign; make a new one"
        )
    return key


def _point(key: OKPKey) -> bytes:
    """Return the key's point as RFC 8032 encodes it, without the bit for the sign of x."""
    raw = bytearray(key.public_key.public_bytes_raw())
    raw[31] &= 0x7F
    return bytes(raw)


def public_text(key: OKPKey) -> str:
    """Return the public half of a key on one line, as `rules keygen` prints it."""
    return base64.b64encode(key.as_der(private=False)).decode()


_NO_PUBLIC_KEY = "no Ed25519 public key in base64 as `recordgate rules keygen` prints it"
