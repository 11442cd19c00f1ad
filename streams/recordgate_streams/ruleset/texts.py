"""Texts of reasons and outcomes for people, and what follows from a reason: queue, task, first action."""

from collections.abc import Mapping
from dataclasses import dataclass

from recordgate_schemas.messages import Queue, TaskKind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.ruleset.model import Document
from recordgate_streams.ruleset.model import ReasonText as ReasonTable


@dataclass(frozen=True, slots=True)
class ReasonText:
    """What a reason means for people. `queue` None: no entry is ever held for it. `task` None: it raises no work.

    `reviewer`: what it means. `remedy`: what would change it, and who can. `guidance`: sources, tag, golden rows.
    `hide_first`: hiding is the action to offer first.
    """

    reviewer: str
    remedy: str
    guidance: str
    queue: Queue | None
    task: TaskKind | None
    bulk_release: bool
    hide_first: bool


@dataclass(frozen=True, slots=True)
class ReasonTexts:
    """The texts of a ruleset: by reason, by outcome, and the one sentence every patient reads."""

    by_reason: Mapping[Reason, ReasonText]
    outcomes: Mapping[Outcome, str]
    standing: str

    def __getitem__(self, reason: Reason) -> ReasonText:
        """Return the text of a reason; every reason has one."""
        return self.by_reason[reason]


def texts_of(document: Document) -> ReasonTexts:
    """Return the texts of a ruleset document."""
    return ReasonTexts(
        {reason: _text(table) for reason, table in document.reasons.items()},
        document.outcomes,
        document.patient.standing,
    )


def _text(table: ReasonTable) -> ReasonText:
    return ReasonText(
        table.reviewer,
        table.remedy,
        table.guidance,
        None if table.queue == "none" else Queue(table.queue),
        TaskKind(table.task) if table.task else None,
        table.bulk_release,
        table.first_action == "hide",
    )
