"""Which ruleset is in force, how far it is applied, and which rehearsals can be approved."""

from dataclasses import dataclass
from datetime import datetime

from recordgate_streams.ledger.activations import Progress
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.rollout.report import Report, report_from
from recordgate_streams.rollout.run import active_ruleset


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A rehearsal against the ruleset in force, and who approved it; signatures are verified at activation."""

    rehearsal: str
    report: Report
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The ruleset in force, since when, who approved it (nobody: the first one), and what goes on.

    `progress` is empty while nothing had to be applied: the first ruleset of a ledger decided everything in it.
    """

    ruleset: str
    name: str
    generation: int
    since: datetime
    approvers: tuple[str, ...]
    progress: tuple[Progress, ...]
    open: tuple[OpenReport, ...]


def read_status(ledger: RolloutStore) -> Status:
    """Return one snapshot of the ledger; raise UsageError while nothing was decided."""
    with ledger.rehearsals.snapshot():
        active, last = active_ruleset(ledger), ledger.activations.last()
        return Status(
            ruleset=active.hash,
            name=f"{active.document['name']} {active.document['version']}",
            generation=active.generation,
            since=active.activated_at,
            approvers=tuple(last.approvers) if last else (),
            progress=tuple(ledger.activations.progress()),
            open=tuple(
                OpenReport(one.rehearsal_id, report_from(one.report), tuple(one.approvers))
                for one in ledger.rehearsals.open()
            ),
        )
