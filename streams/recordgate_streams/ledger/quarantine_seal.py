"""Quarantined bytes at rest: AES-256-GCM under a key that only the decider's and the operator's account can read.

The key file holds 32 bytes in base64. The coordinates are bound to the bytes, so no sealed record passes for another.
"""

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.errors import UsageError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_MOST_FILE_BYTES = 4096
_VERSION = b"\x01"


class Seal:
    """Encrypts and decrypts. Every sealing has a random nonce, so equal bytes look different."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, content: bytes | None, about: str) -> bytes | None:
        """Return the content encrypted and bound to what it is `about`; None stays None."""
        if content is None:
            return None
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, content, about.encode())

    def open(self, sealed: bytes | None, about: str) -> bytes | None:
        """Return the content; raise UsageError when another key, or something else, sealed it."""
        if sealed is None:
            return None
        nonce, encrypted = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, encrypted, about.encode())
        except (InvalidTag, ValueError):
            raise UsageError(
                "RECORDGATE_QUARANTINE_KEY: this key did not seal these bytes; give the former key"
            ) from None


def read_seal(file: Path | None) -> Seal | None:
    """Return the seal of a key file, None when none is configured; raise UsageError when it is no key file."""
    if file is None:
        return None
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise _no_key_file(file, str(error.strerror)) from None
    if not stat.S_ISREG(mode):
        raise _no_key_file(file, "not a regular file")
    if stat.S_IMODE(mode) & 0o077:
        raise _no_key_file(file, "others may read it; chmod 600", "")
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_FILE_BYTES).strip()
    except OSError as error:
        raise _no_key_file(file, f"cannot be read ({error.strerror})") from None
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _no_key_file(file, "holds no base64") from None
    if len(key) != _KEY_BYTES:
        raise _no_key_file(file, f"holds {len(key)} bytes, a key has {_KEY_BYTES}")
    return Seal(key)


_ADVICE = (
    "; name the key file, make one as docs/runbook/quarantine.md says, or leave the setting empty"
)


def _no_key_file(file: Path, why: str, advice: str = _ADVICE) -> UsageError:
    return UsageError(f"RECORDGATE_QUARANTINE_KEY: {file}: {why}{advice}")


def read_seal_or_warn(file: Path | None) -> Seal | None:
    """Return the seal of a key file; when none is configured, log that bytes are not kept."""
    seal = read_seal(file)
    if seal is None:
        log(LogCode.QUARANTINE_UNKEPT)
    return seal


def make_key_file(file: Path) -> None:
    """Write a new random key, for its owner only; an existing file stays as it is."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as out:
        out.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
        out.flush()
        os.fsync(out.fileno())
