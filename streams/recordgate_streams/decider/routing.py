"""Routes a hold: to one queue, with what its reviewer is offered first, and whether it may be released in bulk."""

from collections.abc import Iterable
from dataclasses import dataclass

from recordgate_schemas.messages import Queue
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import ReasonTexts

FIRST = (Queue.SYSTEM, Queue.CLINICIAN, Queue.SOURCE, Queue.PRACTICE)
"""Of several queues the first one: what is broken is repaired first, and a clinician decides before the practice."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which queue a hold joins. `hide_first`: hiding is offered first. `bulk_release`: may go with others."""

    queue: Queue
    hide_first: bool
    bulk_release: bool


def route(reasons: Iterable[Reason], texts: ReasonTexts) -> Route:
    """Return where an entry held for these reasons goes; a reason without a queue of its own goes to the practice.

    Hiding is offered first if any reason asks for it; only if all allow it may the entry be released in bulk.
    """
    asked = [texts[reason] for reason in reasons]
    queues = {text.queue for text in asked}
    queue = next((queue for queue in FIRST if queue in queues), Queue.PRACTICE)
    hide_first = any(text.hide_first for text in asked)
    bulk_release = bool(asked) and all(text.bulk_release for text in asked)
    return Route(queue, hide_first, bulk_release)


def held_for(decision: Decision) -> tuple[Reason, ...]:
    """Return the reasons that ask for a hold, each once, in the order of a reviewer's screen."""
    asking = (o.reason for o in decision.objections if o.outcome is Outcome.HELD)
    return tuple(dict.fromkeys(asking))
