"""Whether a rehearsed ruleset may come into force: every condition, and the sentence that refuses it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recordgate_schemas.errors import RecordgateError, UsageError
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Report
from recordgate_streams.ruleset import Ruleset, engine_hash, from_document
from recordgate_streams.ruleset.model import Activation as Limits
from recordgate_streams.ruleset.signing import Approval, Approvers, Subject, verify

FRESH = timedelta(days=1)
"""How old a rehearsal may be: the record has moved on since."""

NEEDED = 2
"""Different approvers."""

LIMITED = (Change.APPEARS, Change.DISAPPEARS)


class Refused(RecordgateError):
    """A ruleset that must not come into force like this; the message says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A stored rehearsal: its id, the ruleset's document, and what was found."""

    name: str
    document: Mapping[str, Any]
    report: Report


def subject_of(rehearsed: Rehearsed, *, appear: int = 0, disappear: int = 0) -> Subject:
    """Return what an approver signs. The counts are those accepted although they are beyond the limits."""
    report = rehearsed.report
    return Subject(report.ruleset, report.engine, rehearsed.name, appear, disappear)


def check_acceptable(rehearsed: Rehearsed, approval: Approval) -> None:
    """Raise UsageError unless the approval is of this rehearsal, and accepts nothing or just what was found."""
    signed = approval.subject
    if signed != subject_of(rehearsed, appear=signed.appear, disappear=signed.disappear):
        raise UsageError(
            f"approval of {approval.approver}: is for another ruleset or rehearsal; sign again"
        )
    for change in LIMITED:
        accepted, found = _accepted(approval, change), rehearsed.report.totals[change].n
        if accepted not in (0, found):
            raise UsageError(
                f"approval of {approval.approver}: accepts {accepted} where {change.value} was found"
                f" {found} times; sign again"
            )


def check_approvals(
    rehearsed: Rehearsed, approvals: Sequence[Approval], approvers: Approvers
) -> None:
    """Raise Refused unless enough different trusted people signed this rehearsal; one wrong approval refuses all."""
    names: set[str] = set()
    try:
        for approval in approvals:
            check_acceptable(rehearsed, approval)
            names.update(verify([approval], approval.subject, approvers, needed=1))
    except UsageError as error:
        raise Refused(str(error)) from None
    if len(names) < NEEDED:
        raise Refused(
            f"approvals: {len(names)} of {NEEDED} different approvers; ask another one to run"
            f" `recordgate rules approve {rehearsed.name}`"
        )


def check_engine(rehearsed: Rehearsed) -> Ruleset:
    """Return the ruleset; raise Refused when it was rehearsed with other rule code than this program's."""
    if {rehearsed.report.engine, rehearsed.document["engine"]} != {engine_hash()}:
        raise Refused(
            f"rehearsal {rehearsed.name}: was made with other rule code than this program's; rehearse"
            " with the program that shall decide, see docs/runbook/ruleset.md"
        )
    return from_document(rehearsed.document)


def check_still_true(report: Report, generation: int, now: datetime) -> None:
    """Raise Refused when another ruleset came into force since the rehearsal, or it is more than a day old."""
    if report.generation != generation:
        raise Refused(
            f"rehearsal: compares with {report.against}, which is in force no more; rehearse again"
        )
    if now - report.at > FRESH:
        raise Refused(f"rehearsal: is of {report.at:%F %T}, more than a day ago; rehearse again")


def check_limits(
    rehearsed: Rehearsed, approvals: Sequence[Approval], documents: Iterable[Mapping[str, Any]]
) -> None:
    """Raise Refused when more appears or disappears than allowed and not every approval accepts exactly that.

    SAFETY: of the ruleset in force and the new one the narrower limit counts, or a ruleset could grant itself more.
    """
    report = rehearsed.report
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
                f"{_told(report, change, limit)}, as far as a sample can tell; rehearse on the"
                " whole ledger"
            )
        if any(_accepted(approval, change) != total.n for approval in approvals):
            raise Refused(
                f"{_told(report, change, limit)}; every approver must accept exactly that: recordgate"
                f" rules approve {rehearsed.name} {_option(change)} {total.n}"
            )


def _limits(documents: Iterable[Mapping[str, Any]]) -> tuple[float, float]:
    limits = [Limits.model_validate(document["activation"]) for document in documents]
    return min(one.most_appear for one in limits), min(one.most_disappear for one in limits)


def _told(report: Report, change: Change, limit: float) -> str:
    total = report.totals[change]
    error = f" (up to {total.at_most:.3%})" if total.error else ""
    return (
        f"{change.value}: {total.n} of {report.released} released, {total.share:.3%}{error}, is more"
        f" than the limit of {limit:.3%}"
    )


def _option(change: Change) -> str:
    return "--accept-appear" if change is Change.APPEARS else "--accept-disappear"


def _accepted(approval: Approval, change: Change) -> int:
    subject = approval.subject
    return subject.appear if change is Change.APPEARS else subject.disappear
