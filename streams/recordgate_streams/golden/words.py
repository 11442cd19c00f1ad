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

MEANINGS: dict[Word, str] = {
    Word.RETRACTED: "Was visible, and is not any more; of a part: the entry stays without it.",
    Word.VIEW_SUSPENDED: "Everything was visible, and there is no right to any of it any more.",
    Word.PROXY_SUSPENDED: "The same for proxies, until their grant is reviewed.",
    Word.PROXY_REMOVED: "The same for a proxy whose grant is over.",
    Word.EFFECTIVE_DATE_RESET: "The start date moved: open from that day on, closed the day before.",
    Word.REEVALUATED: "Was decided anew.",
    Word.MOST_RESTRICTIVE: "The most restrictive of the reviewers' outcomes counts: withheld.",
    Word.TASK: "Somebody is given work beyond deciding the entry.",
    Word.PRACTICE_TASK: "Work for the practice.",
    Word.REVIEW_TASK: "Something is to be reviewed.",
    Word.URGENT_TASK: "Something is to be looked at soon.",
    Word.CONFIG_ALERT: "A setting is to be corrected.",
    Word.INCIDENT: "An incident is to be worked through.",
    Word.NO_TASK: "Nobody is given work, and nothing waits in a queue.",
    Word.NO_NOTICE: "Nothing reaches the audience, so no notice does: it sees what one sees who never had access.",
    Word.ALERT: "Operators are alerted, and the entry joins their queue.",
    Word.QUEUE_SYSTEM: "The held entry joins the queue of the system's operators.",
    Word.QUEUE_CLINICIAN: "The held entry joins the queue of clinicians.",
    Word.QUEUE_QUARANTINE: "The record is set aside and shown to nobody.",
    Word.DEFAULT_HIDE: "Hiding is the action a reviewer is offered first.",
    Word.NO_AUTO_RELEASE: "Held, and opened by nobody but a person, one by one.",
    Word.NO_BULK_RELEASE: "Held, and never released together with others.",
    Word.REFUSED: "What a reviewer asks for changes nothing, and the reviewers' workflow does not take it.",
    Word.APPROVAL_REQUIRED: "More would leave the view than may leave it without approval.",
    Word.NO_CHANGE: "Nothing is different for anybody: decisions, view, queues, tasks.",
    Word.SAME_DECISION_ID: "No new decision was made.",
    Word.TOMBSTONE_KEPT: "Taken back, and that it was taken back stays known.",
    Word.WAS_VIEWED_KEPT: "Taken back, and that it could be seen stays on file.",
    Word.AUDIT_KEPT: "Taken back, and all decisions about it stay on file.",
}
"""When a word that is no outcome is met."""
