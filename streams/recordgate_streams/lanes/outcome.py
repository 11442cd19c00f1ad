"""From the decision in force to the new one: what has to be told to the view, the queue and the publisher. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import orjson

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import HoldClosed, HoldOpened, ReceiptClass, Release, Retract
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.bodies.redact import redact
from recordgate_streams.decider.routing import route
from recordgate_streams.ledger.rows import CurrentDecision, StoredEntry
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import ReasonTexts

RELEASED = (Outcome.RELEASED, Outcome.RELEASED_REDACTED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A new decision about a stored entry, the patient's control position it takes into account, and what caused it.

    `caused_at` is the broker's time of the entry or control; `forced` tells it again even if nothing changed. A release
    is valid until `valid_until`. `released_under`: the other ruleset under which the entry was released, if it was.
    """

    stored: StoredEntry
    decision: Decision
    decided_under: int
    decided_at: datetime
    caused_at: datetime
    previous: CurrentDecision | None
    forced: bool = False
    valid_until: datetime | None = None
    released_under: str | None = None

    @property
    def digest(self) -> bytes:
        """What makes two decisions the same for everybody who was told the first."""
        told = [
            self.stored.entry.version,
            self.stored.entry.body_sha256.hex(),
            self.decision.outcome,
            sorted({o.reason for o in self.decision.objections}),
            sorted(self.decision.drop),
            self.decision.pointers,
            self.valid_until,
        ]
        return hashlib.sha256(orjson.dumps(told)).digest()[:16]

    @property
    def changed(self) -> bool:
        """True when somebody has to be told."""
        return self.forced or self.previous is None or self.previous.digest != self.digest


def needs_body(verdict: Verdict) -> bool:
    """True when telling it takes the entry's body."""
    return verdict.changed and verdict.decision.outcome in (*RELEASED, Outcome.HELD)


def for_view(verdict: Verdict, body: bytes) -> Release | Retract | None:
    """Return the release or retraction that follows, if any."""
    decision, entry = verdict.decision, verdict.stored.entry
    if decision.released:
        return _release(entry, body, decision, verdict.valid_until)
    if verdict.previous is not None and verdict.previous.released:
        return Retract(decision.audience, entry.entry_id)
    return None


def _release(
    entry: ClinicalEntry, body: bytes, decision: Decision, valid_until: datetime | None
) -> Release:
    shown = redact(entry, body, decision.drop, decision.pointers)
    return Release(
        audience=decision.audience,
        entry_id=entry.entry_id,
        version=entry.version,
        kind=entry.kind,
        event_date=entry.event_date,
        recorded_at=entry.recorded_at,
        redacted=decision.outcome is Outcome.RELEASED_REDACTED,
        valid_until=valid_until,
        body=shown,
        body_type=entry.body_type,
        body_sha256=hashlib.sha256(shown).digest(),
    )


OF_THE_GRANT = frozenset({Reason.PROXY_AGE})
"""Holds that one task about the grant stands for: renewing it opens all entries at once."""


def for_queue(verdict: Verdict, body: bytes, texts: ReasonTexts) -> HoldOpened | HoldClosed | None:
    """Return the hold opened, updated or closed, if any."""
    decision, entry = verdict.decision, verdict.stored.entry
    reasons = list(
        dict.fromkeys(o.reason for o in decision.objections if o.outcome is Outcome.HELD)
    )
    if decision.outcome is Outcome.HELD and not OF_THE_GRANT.issuperset(reasons):
        routed = route(reasons, texts)
        return HoldOpened(
            audience=decision.audience,
            entry_id=entry.entry_id,
            version=entry.version,
            practice=entry.practice,
            kind=entry.kind,
            event_date=entry.event_date,
            reasons=tuple(reason.value for reason in reasons),
            queue=routed.queue,
            hide_first=routed.hide_first,
            bulk_release=routed.bulk_release,
            decided_under=verdict.decided_under,
            ruleset=decision.ruleset,
            body=body,
            body_type=entry.body_type,
            body_sha256=entry.body_sha256,
        )
    if verdict.previous is not None and verdict.previous.outcome == Outcome.HELD:
        return HoldClosed(decision.audience, entry.entry_id, decision.outcome.value)
    return None


RECEIPTS = {
    Outcome.RELEASED: ReceiptClass.RELEASED,
    Outcome.RELEASED_REDACTED: ReceiptClass.RELEASED,
    Outcome.HELD: ReceiptClass.HELD,
    Outcome.WITHHELD: ReceiptClass.WITHHELD,
    Outcome.NOT_ELIGIBLE: ReceiptClass.NOT_ELIGIBLE,
    Outcome.DEFERRED: ReceiptClass.DEFERRED,
}
"""What a publisher learns of each outcome."""
