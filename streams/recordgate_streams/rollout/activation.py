"""Brings a rehearsed and approved ruleset into force, or says why not. The only writer of the ruleset in force."""

from dataclasses import dataclass
from datetime import datetime

from recordgate_schemas.errors import UsageError
from recordgate_streams.ledger.activations import ApprovalRecord
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.rollout import checks
from recordgate_streams.rollout.approvals import Approval, verify_approval
from recordgate_streams.rollout.approvers import trusted_approvers
from recordgate_streams.rollout.checks import Rehearsal
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.rollout.report import rehearsal_digest, report_from
from recordgate_streams.rollout.run import active_ruleset
from recordgate_streams.ruleset import SHOWN_DIGITS


@dataclass(frozen=True, slots=True)
class Activated:
    """What came into force: its generation and hash, and the hash it replaced."""

    generation: int
    former: str
    ruleset: str


def read_rehearsal(ledger: RolloutStore, name: str) -> Rehearsal:
    """Return the rehearsal whose digest begins with the name, at least twelve digits.

    Raises UsageError when there is none or more than one, Refused when it was changed since.
    """
    found = ledger.rehearsals.find(name) if len(name) >= SHOWN_DIGITS else []
    if len(found) != 1:
        raise UsageError(
            "rehearsal: not known; see `recordgate rules status` for the open ones and give at least"
            f" {SHOWN_DIGITS} digits"
        )
    (one,) = found
    if rehearsal_digest(one.document, one.report) != one.rehearsal_id:
        raise Refused(f"rehearsal {name}: was changed after it was made; rehearse again")
    return Rehearsal(one.rehearsal_id, one.document, report_from(one.report))


def put_approval(ledger: RolloutStore, rehearsal: Rehearsal, jws: str, at: datetime) -> Approval:
    """Keep an approval and return it; raise Refused unless an approver of today gave it for this rehearsal."""
    approval = verify_approval(jws, trusted_approvers(ledger.approvers.changes()).set.keys)
    checks.check_acceptable(rehearsal, approval)
    ledger.activations.put_approval(rehearsal.digest, approval.approver, jws, at)
    return approval


def activate(ledger: RolloutStore, name: str, now: datetime) -> Activated:
    """Bring the rehearsed ruleset into force; from the commit on no lane decides by another one.

    Raises Refused when it must not be, RetryableError when a lane does not come to the end of its transaction.
    """
    store = ledger.activations
    with store.transaction():
        rehearsal = read_rehearsal(ledger, name)
        ruleset = checks.check_engine(rehearsal)
        trusted = trusted_approvers(ledger.approvers.changes())
        signatures = store.approvals(rehearsal.digest)
        approvals = checks.check_approvals(rehearsal, signatures, trusted.set.keys)
        store.lock_rules()
        former = active_ruleset(ledger)
        checks.check_still_true(rehearsal.report, former.generation, now)
        checks.check_limits(rehearsal, approvals, (former.document, ruleset.data))
        names = [approval.approver for approval in approvals]
        record = ApprovalRecord(rehearsal.digest, trusted.change, names, signatures)
        store.activate(former, ruleset.data, record, now)
    return Activated(former.generation + 1, former.hash, ruleset.hash)
