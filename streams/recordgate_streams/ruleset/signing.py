"""Approvals: an approver's signature that this ruleset, rehearsed with these counts, may come into force.

Ed25519 (RFC 8032) over canonical JSON. An approval travels beside the ruleset as `approval-NAME.json`. Who may approve
stands in a TOML file of public keys:

    [approvers]
    jane-smith = "base64 of the 32 bytes of the public key"
"""

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import TypeAdapter, ValidationError

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.digest import canonical

_PURPOSE = "recordgate ruleset approval v1"
"""Signed too, so that no signature given for anything else counts here."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is approved: a ruleset on an engine, as rehearsed, with what the approver accepted would change.

    `appear`, `disappear`: released entries that newly appear, or go away or are held, in the rehearsal.
    """

    ruleset: str
    engine: str
    rehearsal: str
    appear: int
    disappear: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A subject, the approver's name, and the signature over both in base64."""

    subject: Subject
    approver: str
    signature: str


Approvers = Mapping[str, Ed25519PublicKey]
_APPROVAL = TypeAdapter(Approval)
_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


def new_key(file: Path) -> str:
    """Write a new private key, readable by its owner alone, and return its public key for the approvers' file."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_bytes(pem)
    except FileExistsError:
        raise UsageError(f"{file.name}: exists already; keys are never overwritten") from None
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be written: {error.strerror}") from None
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(subject: Subject, approver: str, key_file: Path) -> Approval:
    """Return the approver's approval; raise UsageError when the name is none or the file holds no key."""
    if not _NAME.fullmatch(approver):
        raise UsageError("approver: must be letters, digits and single hyphens, such as jane-smith")
    signature = _private_key(key_file).sign(_message(subject, approver))
    return Approval(subject, approver, base64.b64encode(signature).decode())


def write_approval(approval: Approval, folder: Path) -> Path:
    """Write `approval-NAME.json` into the folder and return its path."""
    file = folder / f"approval-{approval.approver}.json"
    file.write_text(json.dumps(asdict(approval), indent=2, sort_keys=True) + "\n", "utf-8")
    return file


def read_approval(file: Path) -> Approval:
    """Return an approval from a file, not verified yet; raise UsageError when it is none."""
    try:
        return _APPROVAL.validate_json(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be read: {error.strerror}") from None
    except ValidationError:
        raise UsageError(
            f"{file.name}: no approval; make one with `recordgate rules sign`"
        ) from None


def read_approvers(file: Path) -> Approvers:
    """Return the trusted public keys by name; raise UsageError naming the entry that is no key."""
    try:
        table = tomllib.loads(file.read_text("utf-8")).get("approvers")
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name}: no TOML: {error}") from None
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: has no table [approvers] of name = public key")
    keys = {name: _public_key(file, name, text) for name, text in table.items()}
    if len({key.public_bytes_raw() for key in keys.values()}) < len(keys):
        raise UsageError(
            f"{file.name}: two approvers have the same key; each person needs their own"
        )
    return keys


def verify(
    approvals: Iterable[Approval], subject: Subject, approvers: Approvers, needed: int = 2
) -> tuple[str, ...]:
    """Return the names of the distinct approvers of the subject; raise UsageError unless there are enough.

    An approval of anything else, by somebody unknown, or with a signature that does not hold is refused, not skipped:
    it means that something was changed after it was signed.
    """
    names = {_verified(approval, subject, approvers) for approval in approvals}
    if len(names) < needed:
        raise UsageError(
            f"approvals: {len(names)} of {needed} different approvers; ask another one to run"
            " `recordgate rules sign`"
        )
    return tuple(sorted(names))


def _verified(approval: Approval, subject: Subject, approvers: Approvers) -> str:
    name = approval.approver
    if name not in approvers:
        raise UsageError(f"approval of {name}: not among the trusted approvers")
    for key, value in asdict(subject).items():
        if getattr(approval.subject, key) != value:
            raise UsageError(f"approval of {name}: is for another {key}; it has to be given again")
    try:
        signature = base64.b64decode(approval.signature, validate=True)
        approvers[name].verify(signature, _message(approval.subject, name))
    except (InvalidSignature, binascii.Error):
        raise UsageError(f"approval of {name}: the signature does not hold") from None
    return name


def _message(subject: Subject, approver: str) -> bytes:
    return canonical([_PURPOSE, asdict(subject), approver])


def _private_key(file: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise UsageError(f"{file.name}: no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{file.name}: not Ed25519; make one with `recordgate rules keygen`")
    return key


def _public_key(file: Path, name: str, text: object) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(str(text), validate=True))
    except (ValueError, binascii.Error):
        raise UsageError(
            f"{file.name}: approvers.{name}: no Ed25519 public key in base64 (32 bytes)"
        ) from None
