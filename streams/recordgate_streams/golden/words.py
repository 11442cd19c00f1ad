"""What a golden row can expect, in the words of the domain reference (section 7)."""

from enum import StrEnum

from recordgate_schemas.messages import TaskKind
from recordgate_schemas.reasons import Outcome


class Word(StrEnum):
    """An outcome, a change of what is visible, work, or a guard."""

    RELEASED = "RELEASED"
    RELEASED_REDACTED = "RELEASED_REDACTED"
    HELD = "HELD"
    WITHHELD = "WITHHELD"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    DEFERRED = "DEFERRED"
    # what is visible
    RETRACTED = "RETRACTED"
    VIEW_SUSPENDED = "VIEW_SUSPENDED"
    PROXY_SUSPENDED = "PROXY_SUSPENDED"
    PROXY_REMOVED = "PROXY_REMOVED"
    EFFECTIVE_DATE_RESET = "EFFECTIVE_DATE_RESET"
    REEVALUATED = "REEVALUATED"
    MOST_RESTRICTIVE = "MOST_RESTRICTIVE"
    # work
    TASK = "TASK"
    PRACTICE_TASK = "PRACTICE_TASK"
    REVIEW_TASK = "REVIEW_TASK"
    URGENT_TASK = "URGENT_TASK"
    CONFIG_ALERT = "CONFIG_ALERT"
    INCIDENT = "INCIDENT"
    NO_TASK = "NO_TASK"
    NO_NOTICE = "NO_NOTICE"
    ALERT = "ALERT"
    QUEUE_SYSTEM = "QUEUE_SYSTEM"
    QUEUE_CLINICIAN = "QUEUE_CLINICIAN"
    QUEUE_QUARANTINE = "QUEUE_QUARANTINE"
    DEFAULT_HIDE = "DEFAULT_HIDE"
    # guards
    NO_AUTO_RELEASE = "NO_AUTO_RELEASE"
    NO_BULK_RELEASE = "NO_BULK_RELEASE"
    REFUSED = "REFUSED"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    NO_CHANGE = "NO_CHANGE"
    SAME_DECISION_ID = "SAME_DECISION_ID"
    TOMBSTONE_KEPT = "TOMBSTONE_KEPT"
    WAS_VIEWED_KEPT = "WAS_VIEWED_KEPT"
    AUDIT_KEPT = "AUDIT_KEPT"


OUTCOMES = {Word(outcome.value): outcome for outcome in Outcome}
TASKS: dict[Word, frozenset[TaskKind]] = {
    Word.TASK: frozenset(TaskKind),
    Word.PRACTICE_TASK: frozenset({TaskKind.PRACTICE}),
    Word.REVIEW_TASK: frozenset({TaskKind.REVIEW}),
    Word.URGENT_TASK: frozenset({TaskKind.URGENT}),
    Word.CONFIG_ALERT: frozenset({TaskKind.CONFIG}),
    Word.INCIDENT: frozenset({TaskKind.INCIDENT}),
}
"""The kinds of task each word means."""
