"""Who may approve: a chain of sets of approvers, each signed by two of the set before, kept in the ledger for good.

A set's document is canonical JSON (RFC 8785): `approvers`, public keys by name, and `former`, the SHA-256 of the former
set's document. So a signature over a document counts once, for the set that follows that one. The first set is trusted
as installed; its `former` names the ledger, so that no change signed for another ledger counts here.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import rfc8785
from joserfc.jwk import OKPKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from recordgate_runtime.signing_keys import public_key, public_text
from recordgate_schemas.errors import UsageError
from recordgate_streams.ledger.approvers import ApproverChange, ApproverStore
from recordgate_streams.rollout import jws
from recordgate_streams.rollout.names import NAME
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.ruleset import read_text

PURPOSE = "recordgate-approvers+jws"
"""The `typ` of a signature over a set of approvers."""

NEEDED = 2
"""Different approvers, for a ruleset and for a change of the approvers."""


def _public(text: str) -> str:
    return public_text(public_key(text))


class ApproverSet(BaseModel):
    """The approvers from one change on: public keys by name, and the digest of the set before."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    approvers: dict[Annotated[str, Field(pattern=NAME)], Annotated[str, AfterValidator(_public)]]
    former: str

    @field_validator("approvers")
    @classmethod
    def _different_people(cls, approvers: dict[str, str]) -> dict[str, str]:
        if len(set(approvers.values())) < len(approvers):
            raise ValueError("two approvers have the same key; each person needs their own")
        if len(approvers) < NEEDED:
            raise ValueError(f"{NEEDED} approvers are needed for every approval; name more")
        return approvers

    @property
    def document(self) -> str:
        """The canonical JSON that is signed."""
        return rfc8785.dumps(self.model_dump()).decode()

    @property
    def digest(self) -> str:
        """SHA-256 of the document, in hex."""
        return hashlib.sha256(self.document.encode()).hexdigest()

    @property
    def keys(self) -> Mapping[str, OKPKey]:
        """The public keys by name."""
        return {name: public_key(text) for name, text in self.approvers.items()}


@dataclass(frozen=True, slots=True)
class Trusted:
    """The approvers in force, and the number of the change that brought them: 0 is the first set."""

    change: int
    set: ApproverSet


def read_approvers(path: str | Path) -> dict[str, Any]:
    """Return the table `[approvers]` of a TOML file, name = public key; raise UsageError when there is none."""
    file = Path(path)
    try:
        table = tomllib.loads(read_text(file)).get("approvers")
    except RecursionError:
        raise UsageError(f"{file.name}: no TOML: too many brackets inside one another") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name}: no TOML: {error}") from None
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: has no table [approvers] of name = public key")
    return table


def approver_set(approvers: Mapping[str, Any], former: str | None = None) -> ApproverSet:
    """Return the set that follows the one with this digest, or a first set; raise UsageError naming every problem."""
    try:
        return ApproverSet(approvers=dict(approvers), former=former or f"ledger:{uuid4()}")
    except ValidationError as error:
        raise UsageError("\n".join(_problems(error))) from None


def read_proposal(path: str | Path) -> ApproverSet:
    """Return a set that `rules approvers propose` wrote; raise UsageError when the file holds none."""
    file = Path(path)
    try:
        return _parsed(read_text(file).removesuffix("\n"))
    except ValueError:
        raise UsageError(
            f"{file.name}: no set of approvers in canonical JSON; make one with"
            " `recordgate rules approvers propose`"
        ) from None


def sign_change(proposed: ApproverSet, approver: str, key: OKPKey) -> str:
    """Return the approver's JWS over the proposed set."""
    return jws.sign(PURPOSE, proposed.model_dump(), approver, key)


def verify_change(former: ApproverSet, signatures: Sequence[str]) -> ApproverSet:
    """Return the set that two of the former approvers signed; raise Refused unless it follows the former set."""
    signed = [jws.verify(text, PURPOSE, former.keys) for text in signatures]
    documents = {rfc8785.dumps(one.payload).decode() for one in signed}
    if len(documents) > 1:
        raise Refused("approvers: the signatures are over different sets; sign one and the same")
    if len({one.signer for one in signed}) < NEEDED:
        raise Refused(
            f"approvers: {len({one.signer for one in signed})} of {NEEDED} different former approvers; ask"
            " another one to run `recordgate rules approvers approve`"
        )
    try:
        proposed = _parsed(documents.pop())
    except ValueError:
        raise Refused("approvers: what was signed is no set of approvers; propose again") from None
    if proposed.former != former.digest:
        raise Refused(
            "approvers: the change was signed against another set than the one in force; propose again"
        )
    return proposed


def trusted_approvers(changes: Iterable[ApproverChange]) -> Trusted:
    """Return the approvers in force after these changes, in order, each verified against the one before.

    SAFETY: whoever may write to the ledger may not choose the approvers. Raises Refused when a change does not follow.
    """
    found: Trusted | None = None
    for number, change in enumerate(changes):
        try:
            following = (
                verify_change(found.set, change.signatures) if found else _parsed(change.document)
            )
        except (Refused, ValueError) as error:
            raise _broken(number, str(error)) from None
        if (number, following.document) != (change.change, change.document):
            raise _broken(number, "its document is not what was signed")
        found = Trusted(number, following)
    if found is None:
        raise UsageError(
            "approvers: none in this ledger; install the first with `recordgate rules approvers init FILE`"
        )
    return found


def install(store: ApproverStore, first: ApproverSet, at: datetime) -> None:
    """Install the first approvers of a ledger; raise Refused when there have been any."""
    if store.changes() or not store.put(0, first.document, first.digest, [], at):
        raise Refused(
            "approvers: this ledger has approvers already; two of them change the set, see"
            " `recordgate rules approvers propose`"
        )


def change(store: ApproverStore, signatures: Sequence[str], at: datetime) -> tuple[int, list[str]]:
    """Bring the signed set into force; return its number and what it changes. Raises Refused when it must not be."""
    trusted = trusted_approvers(store.changes())
    proposed = verify_change(trusted.set, signatures)
    number = trusted.change + 1
    if not store.put(number, proposed.document, proposed.digest, signatures, at):
        raise Refused("approvers: were changed by somebody else just now; propose again")
    return number, differences(trusted.set, proposed)


def differences(former: ApproverSet, proposed: ApproverSet) -> list[str]:
    """Return one line for each approver who comes, goes, or has another key."""
    old, new = former.approvers, proposed.approvers
    return [
        *(f"{name}: added, {new[name]}" for name in new if name not in old),
        *(f"{name}: removed" for name in old if name not in new),
        *(
            f"{name}: another key, {new[name]}"
            for name in new
            if old.get(name, new[name]) != new[name]
        ),
    ]


def _broken(number: int, why: str) -> Refused:
    return Refused(
        f"approvers: change {number} in the ledger does not hold: {why}; see docs/runbook/ruleset.md"
    )


def _parsed(document: str) -> ApproverSet:
    """Return the set of a document; raise ValueError unless it is one, in canonical form."""
    found = ApproverSet.model_validate_json(document)
    if found.document != document:
        raise ValueError("the document is not canonical JSON (RFC 8785)")
    return found


def _problems(error: ValidationError) -> list[str]:
    return [
        ".".join(str(part) for part in one["loc"] if part != "[key]")
        + f": {one.get('ctx', {}).get('error', one['msg'])}"
        for one in error.errors()
    ]
