"""Approvals: an approver's signature that a ruleset, rehearsed with these counts, may come into force."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict, NonNegativeInt, StrictStr, ValidationError

from recordgate_schemas.errors import UsageError
from recordgate_streams.rollout import jws
from recordgate_streams.rollout.refusal import Refused

PURPOSE = "recordgate-approval+jws"
"""The `typ` of an approval: no signature given for anything else counts as one."""


class ApprovalClaims(BaseModel):
    """What is approved: a ruleset on an engine, as rehearsed, and the counts accepted although beyond the limits.

    `ruleset`, `engine`: their hashes. `rehearsal`: SHA-256 over the ruleset's document and all its rehearsal found.
    `accept_appear`, `accept_disappear`: released entries that newly appear, or go away or are held; 0: none beyond.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    accept_appear: NonNegativeInt
    accept_disappear: NonNegativeInt
    engine: StrictStr
    rehearsal: StrictStr
    ruleset: StrictStr


@dataclass(frozen=True, slots=True)
class Approval:
    """A verified approval: who gave it, and what was approved."""

    approver: str
    claims: ApprovalClaims


def rehearsal_id(text: str) -> str:
    """Return a rehearsal's whole id; raise UsageError when digits are missing: only all of them may be signed."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise UsageError(
            "rehearsal: give all 64 digits, as `rules rehearse --save` or `rules status --json` prints them"
        )
    return text


def sign_approval(claims: ApprovalClaims, approver: str, key: OKPKey) -> str:
    """Return the approver's JWS over the claims."""
    return jws.sign(PURPOSE, claims.model_dump(), approver, key)


def verify_approval(text: str, keys: Mapping[str, OKPKey]) -> Approval:
    """Return the approval that one of the keys signed; raise Refused when it is none."""
    signed = jws.verify(text, PURPOSE, keys)
    try:
        claims = ApprovalClaims.model_validate(signed.payload)
    except ValidationError:
        raise Refused(
            f"signature of {signed.signer}: its payload is no approval; make one with"
            " `recordgate rules approve` or `sign`"
        ) from None
    return Approval(signed.signer, claims)
