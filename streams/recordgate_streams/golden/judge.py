"""Compares what a case came to with what it expects: one check a word."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recordgate_schemas.entry import ElementKind
from recordgate_schemas.messages import Queue
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.golden.cases import Case
from recordgate_streams.golden.state import Key, OpenTask, State
from recordgate_streams.golden.words import OUTCOMES, TASKS, Word


@dataclass(frozen=True, slots=True)
class Run:
    """A case, and what was known before and after what came `then`; `before` is None where nobody could look."""

    case: Case
    before: State | None
    after: State

    @property
    def keys(self) -> list[Key]:
        """The entries and audiences looked at."""
        return self.after.looked_at(self.case)


def differences(run: Run) -> list[str]:
    """Return, in sentences, what is not as the case expects; nothing when all is."""
    found = [] if _as_expected(run) else [f"expected {run.case.expect}, got {_got(run)}"]
    reasons = frozenset().union(*_reasons(run))
    if run.case.expect is not Word.QUEUE_QUARANTINE and reasons != frozenset(run.case.reasons):
        found.append(f"expected reasons {_list(run.case.reasons)}, got {_list(reasons)}")
    if run.case.before and run.before is not None:
        earlier = {run.before.decisions[key].outcome for key in run.before.looked_at(run.case)}
        if earlier != {run.case.before}:
            found.append(f"expected {run.case.before} before, got {_list(earlier)}")
    return found


def _as_expected(run: Run) -> bool:
    word = run.case.expect
    if word is Word.QUEUE_QUARANTINE:
        return run.after.quarantined and not run.after.visible
    if not run.keys or run.after.quarantined:
        return False
    if word in OUTCOMES:
        return all(_came_to(run.after, key, OUTCOMES[word]) for key in run.keys) and _version(run)
    if word in TASKS:
        return bool(_asked_tasks(run))
    return CHECKS[word](run)


def _reasons(run: Run) -> Iterable[frozenset[Reason]]:
    """Yield the reasons of the tasks asked for, or of the decisions looked at."""
    if run.case.expect in TASKS:
        yield frozenset(task.reason for task in _asked_tasks(run))
    else:
        yield from (run.after.decisions[key].reasons for key in run.keys)


def _came_to(state: State, key: Key, outcome: Outcome) -> bool:
    """The outcome, and that it is visible exactly if it is a release, whole exactly if it is one in full."""
    if state.decisions[key].outcome is not outcome:
        return False
    shown = state.visible.get(key)
    if outcome is Outcome.RELEASED:
        return shown is not None and not shown.dropped
    if outcome is Outcome.RELEASED_REDACTED:
        return shown is not None and bool(shown.dropped)
    return shown is None


def _version(run: Run) -> bool:
    asked = run.case.version
    return not asked or all(run.after.visible[key].version == asked for key in run.keys)


def _asked_tasks(run: Run) -> list[OpenTask]:
    kinds = TASKS[run.case.expect]
    return [task for task in _tasks(run) if task.kind in kinds]


def _tasks(run: Run) -> list[OpenTask]:
    return [t for t in run.after.tasks if (t.audience != "self") is run.case.is_proxys]


def _all_were_visible(run: Run) -> bool:
    return run.before is None or all(key in run.before.visible for key in run.keys)


def _none_visible(run: Run) -> bool:
    return not any(key in run.after.visible for key in run.keys)


def _retracted(run: Run) -> bool:
    if not run.case.part:
        return _all_were_visible(run) and _none_visible(run)
    part = ElementKind(run.case.part)
    earlier = [run.before.visible[key] for key in run.keys] if run.before else []
    left = [run.after.visible[key] for key in run.keys]
    had = not any(part in shown.dropped for shown in earlier)
    return had and all(part in shown.dropped for shown in left)


def _suspended(run: Run) -> bool:
    """Everything was open and nothing is, whatever the entry: not a single outcome but no right to any."""
    closed = (_came_to(run.after, key, Outcome.NOT_ELIGIBLE) for key in run.keys)
    return _all_were_visible(run) and all(closed)


def _start_moved(run: Run) -> bool:
    """The entry of the new start day is open, the one before it is not."""
    shut = {key[0] for key in run.after.visible}.isdisjoint(map(EntryId, run.case.closed))
    return bool(run.case.closed) and shut and all(key in run.after.visible for key in run.keys)


def _decided_anew(run: Run) -> bool:
    earlier = run.before.decisions if run.before else {}
    return all(earlier[key].identity != run.after.decisions[key].identity for key in run.keys)


def _same_identity(run: Run) -> bool:
    return run.before is not None and all(
        run.before.decisions[key].identity == run.after.decisions[key].identity for key in run.keys
    )


def _unchanged(run: Run) -> bool:
    """Nothing at all is different for anybody."""
    earlier, now = run.before, run.after
    return (
        earlier is not None
        and {k: (d.outcome, d.reasons) for k, d in earlier.decisions.items()}
        == {k: (d.outcome, d.reasons) for k, d in now.decisions.items()}
        and (earlier.visible, earlier.holds, earlier.tasks) == (now.visible, now.holds, now.tasks)
    )


def _kept_history(run: Run) -> bool:
    """The history still shows what was taken back: it was released once, and something else was decided since."""
    shown = {Outcome.RELEASED, Outcome.RELEASED_REDACTED}
    return _retracted(run) and all(shown & set(run.after.history[key][:-1]) for key in run.keys)


def _kept_tombstone(run: Run) -> bool:
    return _retracted(run) and all(key in run.after.tombstones for key in run.keys)


def _needs_approval(run: Run) -> bool:
    """More of what was released goes away than may go without approval."""
    shown = run.before.visible.keys() if run.before else set()
    gone = shown - run.after.visible.keys()
    return bool(gone) and len(gone) / len(shown) > run.after.approval_above


def _in_queue(queue: Queue) -> Callable[[Run], bool]:
    return lambda run: all(
        key in run.after.holds and run.after.holds[key].queue is queue for key in run.keys
    )


def _hide_first(run: Run) -> bool:
    return all(key in run.after.holds and run.after.holds[key].hide_first for key in run.keys)


def _not_in_bulk(run: Run) -> bool:
    return all(key in run.after.holds and not run.after.holds[key].bulk_release for key in run.keys)


def _no_work(run: Run) -> bool:
    return not _tasks(run) and not any(key in run.after.holds for key in run.keys)


CHECKS: dict[Word, Callable[[Run], bool]] = {
    Word.RETRACTED: _retracted,
    Word.VIEW_SUSPENDED: _suspended,
    Word.PROXY_SUSPENDED: _suspended,
    Word.PROXY_REMOVED: _suspended,
    Word.EFFECTIVE_DATE_RESET: _start_moved,
    Word.REEVALUATED: _decided_anew,
    Word.MOST_RESTRICTIVE: lambda run: all(
        _came_to(run.after, key, Outcome.WITHHELD) for key in run.keys
    ),
    Word.NO_TASK: _no_work,
    Word.NO_NOTICE: _none_visible,
    Word.ALERT: _in_queue(Queue.SYSTEM),
    Word.QUEUE_SYSTEM: _in_queue(Queue.SYSTEM),
    Word.QUEUE_CLINICIAN: _in_queue(Queue.CLINICIAN),
    Word.DEFAULT_HIDE: _hide_first,
    Word.NO_AUTO_RELEASE: _not_in_bulk,
    Word.NO_BULK_RELEASE: _not_in_bulk,
    Word.REFUSED: _unchanged,
    Word.APPROVAL_REQUIRED: _needs_approval,
    Word.NO_CHANGE: _unchanged,
    Word.SAME_DECISION_ID: _same_identity,
    Word.TOMBSTONE_KEPT: _kept_tombstone,
    Word.WAS_VIEWED_KEPT: _kept_history,
    Word.AUDIT_KEPT: _kept_history,
}
"""Words that are neither an outcome nor a task. NO_NOTICE: nothing reaches the audience at all, so no notice does."""


def _got(run: Run) -> str:
    outcomes = _list({run.after.decisions[key].outcome for key in run.keys})
    tasks = _list({f"{task.kind} {task.reason}" for task in _tasks(run)})
    visible = _list({key[0] for key in run.after.visible})
    holds = _list({route.queue for route in run.after.holds.values()})
    return f"outcome {outcomes}; visible {visible}; queues {holds}; tasks {tasks}"


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
