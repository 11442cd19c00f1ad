"""The golden cases as rows of text, for the rule book."""
# ruff: noqa: INP001  beside the pages it writes

from collections.abc import Iterator
from typing import Any

from recordgate_streams.golden.cases import Case, Fields, Unchecked, cases
from recordgate_streams.golden.words import Word

HEAD = ("row", "who and when", "for", "expected", "reasons", "basis")
Row = tuple[str, ...]
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


def groups() -> Iterator[tuple[str, list[Row]]]:
    """Yield the name of each group and its rows, in the cells of `HEAD`."""
    for group in dict.fromkeys(case.group for case in cases()):
        yield group, [_row(case) for case in cases() if case.group == group]


def unseen() -> Iterator[Row]:
    """Yield row number and what a run in memory, and one through the product, cannot see of it."""
    for case in cases():
        if case.unchecked != Unchecked():
            yield case.row, case.unchecked.pure or "-", case.unchecked.pipeline or "-"


def _row(case: Case) -> Row:
    part = f" of `{case.part}`" if case.part else ""
    return (
        case.row,
        case.title + _with("with", case.rules) + _with("then with", case.then_rules),
        "proxies" if case.is_proxys else "patient",
        f"`{case.expect}`{part}",
        ", ".join(f"`{reason}`" for reason in case.reasons),
        case.basis + (f"; {case.remark}" if case.remark else ""),
    )


def _with(word: str, rules: Fields) -> str:
    changes = "; ".join(f"`{name}` {_plain(value)}" for name, value in rules.items())
    return f" ({word} {changes})" if changes else ""


def _plain(value: Any) -> str:
    """A value of a table as a reader says it."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
