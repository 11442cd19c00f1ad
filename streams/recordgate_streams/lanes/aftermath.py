"""What deciding leaves to be done later: the instant at which to look again, and tasks for people."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from recordgate_schemas.messages import Held, TaskClosed, TaskOpened
from recordgate_schemas.topics import HELD
from recordgate_schemas.values import NhsNumber, OdsCode
from recordgate_streams.decider.tasks import Task, entry_tasks, patient_tasks
from recordgate_streams.decider.timers import changes_at, entry_changes_at
from recordgate_streams.lanes.deciding import Deciding
from recordgate_streams.lanes.outcome import Verdict
from recordgate_streams.lanes.work import Work


def put_due(deciding: Deciding) -> None:
    """Remember when time alone will next change something about the patients."""
    instants: dict[NhsNumber, list[datetime]] = defaultdict(list)
    for number, standings in deciding.standings.items():
        known = deciding.patients[number].due_at
        found = [known if known and known > deciding.at else None]
        found += [changes_at(standing) for standing, _ in standings]
        instants[number] += [at for at in found if at is not None]
    for ((number, _), _), case in deciding.cases.items():
        if (at := entry_changes_at(case)) is not None:
            instants[number].append(at)
    due = {number: min(instants[number], default=None) for number in deciding.standings}
    changed = {n: at for n, at in due.items() if at != deciding.patients[n].due_at}
    if changed:
        deciding.store.put_due(changed)


def tell_tasks(work: Work, deciding: Deciding, verdicts: Iterable[Verdict]) -> None:
    """Open the tasks that the decisions ask for, and close those that nothing asks for any more."""
    texts = deciding.ruleset.reasons
    asked = {
        (number, task)
        for number, task in _asked(deciding, verdicts)
        if texts[task.reason].task is not None and _practice(deciding, number, task) is not None
    }
    decided = {key for key, _ in deciding.cases}
    open_now = {
        (number, task)
        for number, task in work.store.load_tasks(deciding.patients)
        if task.entry_id is None or (number, task.entry_id) in decided
    }
    for number, task in sorted(asked - open_now, key=_order):
        practice = _practice(deciding, number, task)
        kind = texts[task.reason].task
        if practice is not None and kind is not None:
            work.store.put_task(number, task)
            opened = TaskOpened(task.reason, task.audience, task.entry_id, practice, kind)
            _tell(work, deciding, number, opened)
    for number, task in sorted(open_now - asked, key=_order):
        work.store.end_task(number, task)
        closed = TaskClosed(task.reason, task.audience, task.entry_id)
        _tell(work, deciding, number, closed)


def _asked(deciding: Deciding, verdicts: Iterable[Verdict]) -> Iterable[tuple[NhsNumber, Task]]:
    for number, standings in deciding.standings.items():
        for standing, objections in standings:
            yield from ((number, task) for task in patient_tasks(standing, objections))
    for verdict in verdicts:
        entry = verdict.stored.entry
        for task in entry_tasks(verdict.decision, entry.entry_id):
            yield entry.nhs_number, task


def _practice(deciding: Deciding, number: NhsNumber, task: Task) -> OdsCode | None:
    """Whose work it is; nobody's before the patient is registered, for then everything is held anyway."""
    if task.entry_id is not None:
        return deciding.cases[(number, task.entry_id), task.audience].entry.practice
    registration = deciding.standings[number][0][0].registration
    return registration.practice if registration else None


def _tell(
    work: Work, deciding: Deciding, number: NhsNumber, change: TaskOpened | TaskClosed
) -> None:
    partition = deciding.patients[number].partition
    work.tell(HELD, partition, number.digits.encode(), lambda n: Held(n, number, work.at, change))


def _order(one: tuple[NhsNumber, Task]) -> tuple[str, str, str, str]:
    number, task = one
    return number.digits, task.reason, task.audience, task.entry_id or ""
