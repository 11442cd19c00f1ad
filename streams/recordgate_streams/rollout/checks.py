"""Whether a rehearsed ruleset may come into force: every condition, and the sentence that refuses it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import OKPKey

from recordgate_streams.rollout.approvals import Approval, ApprovalClaims, verify_approval
from recordgate_streams.rollout.approvers import NEEDED
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Report
from recordgate_streams.ruleset import SHOWN_DIGITS, Ruleset, engine_hash, from_document
from recordgate_streams.ruleset.model import ActivationLimits

FRESH = timedelta(days=1)
"""How old a rehearsal may be: the record has moved on since."""

LIMITED = (Change.APPEARS, Change.DISAPPEARS)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A stored rehearsal: its digest, the ruleset's document, and what was found."""

    digest: str
    document: Mapping[str, Any]
    report: Report

    @property
    def name(self) -> str:
        """The part of the digest that people read and type."""
        return self.digest[:SHOWN_DIGITS]


def claims_of(rehearsal: Rehearsal, *, appear: int = 0, disappear: int = 0) -> ApprovalClaims:
    """Return what an approver signs. The counts are those accepted although they are beyond the limits."""
    report = rehearsal.report
    return ApprovalClaims(
        accept_appear=appear,
        accept_disappear=disappear,
        engine=report.engine,
        rehearsal=rehearsal.digest,
        ruleset=report.ruleset,
    )


def check_acceptable(rehearsal: Rehearsal, approval: Approval) -> None:
    """Raise Refused unless the approval is of this rehearsal, and accepts nothing or just what was found."""
    expected = claims_of(rehearsal).model_dump()
    for claim in ("rehearsal", "ruleset", "engine"):
        if getattr(approval.claims, claim) != expected[claim]:
            raise Refused(f"approval of {approval.approver}: is for another {claim}; sign again")
    for change in LIMITED:
        accepted, found = _accepted(approval, change), rehearsal.report.totals[change].n
        if accepted not in (0, found):
            raise Refused(
                f"approval of {approval.approver}: accepts {accepted} where {change.value} was found"
                f" {found} times; sign again"
            )


def check_approvals(
    rehearsal: Rehearsal, signatures: Iterable[str], keys: Mapping[str, OKPKey]
) -> list[Approval]:
    """Return the approvals; raise Refused unless enough different approvers gave them.

    One wrong signature refuses all: it means that something was changed after it was signed.
    """
    approvals = [verify_approval(text, keys) for text in signatures]
    for approval in approvals:
        check_acceptable(rehearsal, approval)
    names = {approval.approver for approval in approvals}
    if len(names) < NEEDED:
        raise Refused(
            f"approvals: {len(names)} of {NEEDED} different approvers; ask another one to run"
            f" `recordgate rules approve {rehearsal.name}`"
        )
    return approvals


def check_engine(rehearsal: Rehearsal) -> Ruleset:
    """Return the ruleset; raise Refused when it was rehearsed with other rule code than this program's."""
    if {rehearsal.report.engine, rehearsal.document["engine"]} != {engine_hash()}:
        raise Refused(
            f"rehearsal {rehearsal.name}: was made with other rule code than this program's; rehearse"
            " with the program that shall decide, see docs/runbook/ruleset.md"
        )
    return from_document(rehearsal.document)


def check_still_true(report: Report, generation: int, now: datetime) -> None:
    """Raise Refused when another ruleset came into force since the rehearsal, or it is more than a day old."""
    if report.generation != generation:
        raise Refused(
            f"rehearsal: compares with {report.against[:SHOWN_DIGITS]}, which is in force no more; rehearse again"
        )
    if now - report.at > FRESH:
        raise Refused(
            f"rehearsal: was made at {report.at:%F %T}, more than a day ago; rehearse again"
        )


def check_limits(
    rehearsal: Rehearsal, approvals: Sequence[Approval], documents: Iterable[Mapping[str, Any]]
) -> None:
    """Raise Refused when more appears or disappears than allowed and not every approval accepts exactly that.

    SAFETY: of the ruleset in force and the new one the narrower limit counts, or a ruleset could grant itself more.
    """
    report = rehearsal.report
    if report.scope.kind == "practice":
        raise Refused(
            "rehearsal: of one practice, which says nothing about the others; rehearse on the whole"
            " ledger or a sample of it"
        )
    for change, limit in zip(LIMITED, _limits(documents), strict=True):
        total = report.totals[change]
        if total.at_most <= limit:
            continue
        if total.error:
            raise Refused(
                f"{_limit_text(report, change, limit)}, as far as a sample can tell; rehearse on the"
                " whole ledger"
            )
        if any(_accepted(approval, change) != total.n for approval in approvals):
            raise Refused(
                f"{_limit_text(report, change, limit)}; every approver must accept exactly that: recordgate"
                f" rules approve {rehearsal.name} {_option(change)} {total.n}"
            )


def _limits(documents: Iterable[Mapping[str, Any]]) -> tuple[float, float]:
    limits = [ActivationLimits.model_validate(document["activation"]) for document in documents]
    return min(one.most_appear for one in limits), min(one.most_disappear for one in limits)


def _limit_text(report: Report, change: Change, limit: float) -> str:
    total = report.totals[change]
    error = f" (up to {total.at_most:.3%})" if total.error else ""
    return (
        f"{change.value}: {total.n} of {report.released} released, {total.share:.3%}{error}, is more"
        f" than the limit of {limit:.3%}"
    )


def _option(change: Change) -> str:
    return "--accept-appear" if change is Change.APPEARS else "--accept-disappear"


def _accepted(approval: Approval, change: Change) -> int:
    claims = approval.claims
    return claims.accept_appear if change is Change.APPEARS else claims.accept_disappear
