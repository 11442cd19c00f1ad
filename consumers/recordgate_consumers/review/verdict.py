"""What a reviewer says about a hold, and who may say it."""

import calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from recordgate_consumers.review.queue import Hold
from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue


class Role(StrEnum):
    """Who reviews."""

    GP = "gp"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    CLINICIAN = "clinician"
    ADMIN = "admin"


CLINICIANS = (Role.GP, Role.NURSE, Role.PHARMACIST, Role.CLINICIAN)
"""Who may release what waits for a clinician, and whose own word is a clinician's opinion.

The decider does not rely on this list: it asks its ruleset's `clinician_roles` again.
"""

OPINION_MONTHS = 6
"""A clinician's opinion on serious harm serves for so long (Data Protection Act 2018, Schedule 3, Part 2)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer says about a hold. `opinion_on`: the day a clinician gave an opinion on serious harm."""

    action: ReviewAction
    ground: ReviewGround
    role: Role
    opinion_on: date | None = None


def check(verdict: Verdict, today: date) -> None:
    """Raise UsageError when a verdict may not be given.

    Serious harm is a health professional's judgement (Data Protection Act 2018, Schedule 3, Part 2): a clinician's own,
    or recorded with the date of a clinician's opinion from the last six months (golden row 94).
    """
    withhold = verdict.action is ReviewAction.WITHHOLD
    if verdict.opinion_on is not None and verdict.opinion_on > today:
        raise UsageError("--opinion-on: lies in the future")
    if withhold and verdict.ground is ReviewGround.CHECKED:
        raise UsageError("--ground: withholding needs one: serious_harm, third_party, court, other")
    if not withhold or verdict.ground is not ReviewGround.SERIOUS_HARM:
        return
    if verdict.opinion_on is None and verdict.role not in CLINICIANS:
        raise UsageError(
            "serious_harm: only a clinician may say so; give a clinician's --role, or the date of a"
            " clinician's opinion with --opinion-on"
        )
    if verdict.opinion_on is not None and _expires(verdict.opinion_on) <= today:
        raise UsageError("--opinion-on: six months old or more; ask the clinician again")


def _expires(opinion_on: date) -> date:
    """The same day of the month, or that month's last, as the decider counts it."""
    year, month = divmod(opinion_on.year * 12 + opinion_on.month - 1 + OPINION_MONTHS, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(opinion_on.day, last))


def check_role(seen: Hold, verdict: Verdict) -> None:
    """Raise UsageError when a hold that waits for a clinician would be released by somebody else."""
    for_clinician = seen.queue == Queue.CLINICIAN and verdict.action is ReviewAction.RELEASE
    if for_clinician and verdict.role not in CLINICIANS:
        raise UsageError(
            "--role: this hold waits for a clinician; one of them may release it:"
            f" {', '.join(CLINICIANS)}"
        )


def opinion_day(verdict: Verdict, today: date) -> date | None:
    """Return the day of the clinician's opinion, if any; one who says serious harm in person has just given it."""
    own = verdict.ground is ReviewGround.SERIOUS_HARM and verdict.role in CLINICIANS
    return today if verdict.opinion_on is None and own else verdict.opinion_on
