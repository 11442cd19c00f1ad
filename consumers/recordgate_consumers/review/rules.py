"""Who may decide what: the rules of the practice about roles, opinions, two persons and deciding many at once.

The decider does not rely on them: it asks its ruleset about clinicians and opinions again.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from recordgate_consumers.review.items import Item
from recordgate_consumers.review.workflow import OUTCOMES, RELEASES, Action, State, When
from recordgate_schemas.control import OPINION_MONTHS, ReviewGround
from recordgate_schemas.entry import ElementKind
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue
from recordgate_schemas.reasons import INTEGRITY, Reason


class Role(StrEnum):
    """Who reviews."""

    GP = "gp"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    CLINICIAN = "clinician"
    ADMIN = "admin"


CLINICIANS = (Role.GP, Role.NURSE, Role.PHARMACIST, Role.CLINICIAN)
"""Who may release what waits for a clinician, and whose own judgement is a clinician's opinion."""

TWO_PERSONS = frozenset({Reason.SAFEGUARDING})
"""Reasons for which a release needs a second person."""

MOST_WAIT = timedelta(days=28)
"""How long after its opening an item may be put off: a request for access is answered within a month."""

MOST_AT_ONCE = 50
"""How many items are decided at once, at most: each of them is shown before."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer wants. `opinion_on`: the day of a clinician's opinion on serious harm.

    `leave_out`: the kinds of elements that `release_without` drops; the decider counts it only if the entry has each.
    `until`: for `wait`. `proposes`: the outcome that a second person is asked about. `to_queue`, `to_reviewer`: where
    an item goes that is not the reviewer's; without them, back into its queue.
    """

    action: Action
    ground: ReviewGround = ReviewGround.CHECKED
    opinion_on: date | None = None
    leave_out: tuple[ElementKind, ...] = ()
    until: datetime | None = None
    proposes: Action | None = None
    to_queue: Queue | None = None
    to_reviewer: str | None = None

    @property
    def opinion(self) -> str:
        """The outcome with what it leaves out: what two persons have to agree on."""
        return " ".join((self.outcome or "", *sorted(set(self.leave_out)))).strip()

    @property
    def outcome(self) -> Action | None:
        """The outcome that it is or proposes."""
        return self.proposes or (self.action if self.action in OUTCOMES else None)


class Refused(UsageError):
    """A rule of the workflow does not allow it; the message says which, and who may."""


def check(item: Item, decision: Decision, role: Role, now: datetime) -> None:
    """Raise Refused when a reviewer of this role may not decide so about this item."""
    check_decision(decision, role, now.date())
    releases = decision.outcome in RELEASES
    if releases and INTEGRITY & set(item.reasons):
        raise Refused(
            "action: a hold for a reason of integrity is lifted by mending its cause, not by a release"
        )
    disagreed = item.state == State.DISAGREEMENT and decision.outcome is not None
    for_clinician = item.for_clinician or item.queue == Queue.CLINICIAN
    if ((releases and for_clinician) or disagreed) and role not in CLINICIANS:
        raise Refused(
            f"role: this item waits for a clinician; one of them may decide it: {', '.join(CLINICIANS)}"
        )
    if decision.action is Action.WAIT:
        _check_wait(item, decision.until, now)
    if decision.to_queue not in (None, Queue.PRACTICE, Queue.CLINICIAN):
        raise Refused("to_queue: an item goes to the practice or to a clinician")


def check_decision(decision: Decision, role: Role, today: date) -> None:
    """Raise Refused when a decision may not be taken, whatever it is about.

    Serious harm is a health professional's judgement (Data Protection Act 2018, Schedule 3, Part 2): a clinician's own,
    or recorded with the date of a clinician's opinion from the last six months (golden row 94).
    """
    withholds = decision.outcome is Action.WITHHOLD
    if (decision.action is Action.SECOND_OPINION) != (decision.proposes is not None):
        raise Refused("proposes: say what you would decide when you ask for a second opinion")
    if decision.proposes is not None and decision.proposes not in OUTCOMES:
        raise Refused("proposes: is no outcome; release or withhold")
    if (decision.outcome is Action.RELEASE_WITHOUT) != bool(decision.leave_out):
        raise Refused("leave_out: name what is left out for release_without, and for nothing else")
    if decision.opinion_on is not None and decision.opinion_on > today:
        raise Refused("opinion_on: lies in the future")
    if withholds and decision.ground is ReviewGround.CHECKED:
        raise Refused("ground: withholding needs one: serious_harm, third_party, court, other")
    if not withholds or decision.ground is not ReviewGround.SERIOUS_HARM:
        return
    if decision.opinion_on is None and role not in CLINICIANS:
        raise Refused(
            "serious_harm: only a clinician may say so; one decides, or give the date of a"
            " clinician's opinion as opinion_on"
        )
    if decision.opinion_on is not None and _expires(decision.opinion_on) <= today:
        raise Refused("opinion_on: six months old or more; ask the clinician again")


def when(item: Item, decision: Decision, reviewer: str, given: str | None) -> When:
    """Return which of the moves of an outcome applies; raise Refused when this reviewer has had a say already.

    `given`: the opinion that somebody gave before.
    """
    if decision.outcome is None:
        return When.ALWAYS
    if reviewer in item.opinion_by:
        raise Refused("reviewer: you have given your opinion; somebody else has to give the other")
    if item.state == State.SECOND_OPINION:
        return When.AGREES if given == decision.opinion else When.DIFFERS
    return When.TWO if needs_two(item, decision) else When.ALONE


def needs_two(item: Item, decision: Decision) -> bool:
    """True when a second person has to agree to an outcome."""
    return decision.outcome in RELEASES and bool(TWO_PERSONS & set(item.reasons))


def check_many(items: Sequence[Item], decision: Decision) -> None:
    """Raise Refused unless these items may be decided at once. Many may be withheld or passed on, few released.

    Released at once: items of one patient, held for the same reasons, all of which allow it; the reviewer has opened
    one of them. Nothing about safeguarding is decided with others.
    """
    if len(items) > MOST_AT_ONCE:
        raise Refused(f"items: {MOST_AT_ONCE} at once at most")
    if decision.action not in (Action.WITHHOLD, Action.NOT_MINE, Action.RELEASE):
        raise Refused("items: only withholding, releasing and passing on is done to many at once")
    if decision.action is not Action.NOT_MINE and any(
        Reason.SAFEGUARDING in item.reasons for item in items
    ):
        raise Refused("items: one is held for safeguarding; decide it by itself")
    if decision.action is not Action.RELEASE:
        return
    alike = {(item.nhs_number, tuple(sorted(item.reasons))) for item in items}
    if len(alike) > 1 or not all(item.bulk_release for item in items):
        raise Refused(
            "items: released at once are items of one patient, for the same reasons, that allow it"
        )


def queues_of(role: Role) -> tuple[Queue, ...]:
    """Return the queues from which a role is given the next item."""
    return (Queue.CLINICIAN, Queue.PRACTICE) if role in CLINICIANS else (Queue.PRACTICE,)


def _check_wait(item: Item, until: datetime | None, now: datetime) -> None:
    latest = item.opened_at + MOST_WAIT
    if until is None or not now < until <= latest:
        raise Refused(
            f"until: a day after now and no more than {MOST_WAIT.days} days after the item was opened"
        )


def _expires(opinion_on: date) -> date:
    """The same day of the month, or that month's last, as the decider counts it."""
    year, month = divmod(opinion_on.year * 12 + opinion_on.month - 1 + OPINION_MONTHS, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(opinion_on.day, last))
