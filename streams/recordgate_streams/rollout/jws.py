"""Approvers' signatures: the product's one form of JWS, read from files, refused in an approver's words."""

from collections.abc import Mapping
from pathlib import Path

from joserfc.jwk import OKPKey

from recordgate_runtime import jws
from recordgate_runtime.jws import ALGORITHM, Signed, sign
from recordgate_schemas.errors import UsageError
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.ruleset import read_text

__all__ = ["ALGORITHM", "Signed", "read", "sign", "verify"]


def read(path: str | Path) -> str:
    """Return the JWS of a file, not verified; a line end after it is left out. Raise UsageError when there is none."""
    file = Path(path)
    try:
        return read_text(file, "ascii").removesuffix("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{file.name}: no JWS; make one with `recordgate rules sign`") from None


def verify(text: str, purpose: str, keys: Mapping[str, OKPKey]) -> Signed:
    """Return what was signed; raise Refused unless one of the keys signed it for this purpose, in the one form."""
    try:
        return jws.verify(text, purpose, keys)
    except jws.UnknownSigner as error:
        raise Refused(
            f"signature of {error.signer}: not among the trusted approvers; see"
            " `recordgate rules approvers list`"
        ) from None
    except jws.BadSignature as error:
        raise Refused(str(error)) from None
