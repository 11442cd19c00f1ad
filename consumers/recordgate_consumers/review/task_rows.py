"""Held messages as rows of `task`."""

from dataclasses import dataclass, field
from datetime import datetime

from recordgate_schemas.messages import Held, TaskClosed, TaskOpened


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A row of `task`; a closed one keeps its key alone. `entry_id` is empty when it is about a patient or a grant."""

    nhs_number: str = field(repr=False)
    reason: str
    audience: str
    entry_id: str
    sequence: int
    practice: str | None = None
    kind: str | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the task is about."""
        return self.nhs_number, self.reason, self.audience, self.entry_id


def task_row(message: Held) -> TaskRow | None:
    """Return the row of `task` a message asks for, if any."""
    change = message.change
    if not isinstance(change, TaskOpened | TaskClosed):
        return None
    number, entry_id = message.nhs_number.digits, change.entry_id or ""
    key = (number, change.reason, change.audience, entry_id, message.sequence)
    if isinstance(change, TaskClosed):
        return TaskRow(*key, closed_at=message.at)
    return TaskRow(*key, practice=change.practice, kind=change.kind.value, opened_at=message.at)
