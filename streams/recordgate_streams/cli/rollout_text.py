"""What people read about rehearsals and the rules in force, line by line."""

from collections.abc import Iterable, Iterator

from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Count, Report, Scope
from recordgate_streams.rollout.status import OpenReport, Status
from recordgate_streams.ruleset import SHOWN_DIGITS

SHOWN_PRACTICES = 20


def report_lines(report: Report) -> Iterator[str]:
    """Yield a rehearsal as people read it."""
    new, old = report.ruleset[:SHOWN_DIGITS], report.against[:SHOWN_DIGITS]
    yield f"ruleset {new} against {old} (generation {report.generation})"
    yield _scope(report.scope)
    yield (
        f"{report.decisions} decisions, {report.released} of them released now; shares are of those"
    )
    for change in Change:
        total = report.totals[change]
        error = f" +/- {total.error:.3%}" if report.scope.kind == "sample" else ""
        yield f"{change.value}: {total.n} ({total.share:.3%}{error})"
    yield from _counted("by reason", report.by_reason)
    practices = sorted(report.by_practice, key=lambda count: -count.n)
    yield from _counted("by practice", practices[:SHOWN_PRACTICES])
    if len(practices) > SHOWN_PRACTICES:
        yield f"  {len(practices) - SHOWN_PRACTICES} more with --json"


def status_lines(status: Status) -> Iterator[str]:
    """Yield which rules are in force, how far they are applied and what can be approved, as people read it."""
    yield f"in force: {status.name} {status.ruleset[:SHOWN_DIGITS]}, generation {status.generation}"
    approved = ", ".join(status.approvers) or "nobody: the first ruleset of this ledger"
    yield f"since {status.since:%F %T}, approved by {approved}"
    for one in status.progress:
        state = "finished" if one.finished else "running"
        yield f"applied to partition {one.partition}: {one.done} of {one.patients} patients, {state}"
    for rehearsal in status.open:
        yield _open(rehearsal)


def _scope(scope: Scope) -> str:
    match scope.kind:
        case "whole":
            return f"on all {scope.patients} patients"
        case "sample":
            return f"on a sample of {scope.patients} of {scope.known} patients, seed {scope.seed}"
        case "practice":
            return f"on {scope.patients} of {scope.known} patients, those of {scope.practice}"


def _counted(title: str, counts: Iterable[Count]) -> Iterator[str]:
    for place, count in enumerate(counts):
        if place == 0:
            yield f"{title}:"
        yield f"  {count.change.value}, {count.key}: {count.n} ({count.share:.3%})"
        yield f"    such as {', '.join(count.examples)}"


def _open(one: OpenReport) -> str:
    appears, disappears = (one.report.totals[c].n for c in (Change.APPEARS, Change.DISAPPEARS))
    approved = ", ".join(one.approvers) or "nobody"
    return (
        f"rehearsal {one.rehearsal[:SHOWN_DIGITS]} of {one.report.at:%F %T}: ruleset"
        f" {one.report.ruleset[:SHOWN_DIGITS]},"
        f" {appears} appear, {disappears} disappear; approved by {approved}"
    )
