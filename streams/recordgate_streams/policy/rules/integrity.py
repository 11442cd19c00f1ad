"""What acceptance found wrong with the entry itself; nothing can outrank it."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections


def integrity(context: EntryContext) -> Objections:
    """Hold an entry whose version came with two contents, or whose body is not what its envelope says."""
    if context.integrity.conflict:
        because = {"version": str(context.entry.version)}
        yield Objection(Reason.CONFLICT, Outcome.HELD, because, suppresses=True)
    if context.integrity.body_mismatch:
        because = {"body": "hash, elements or NOPAT label differ from the envelope"}
        yield Objection(Reason.BODY_MISMATCH, Outcome.HELD, because, suppresses=True)
