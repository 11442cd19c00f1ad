"""One decision in the words of three readers: patients, reviewers and engineers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.ledger.explanation import Explained
from recordgate_streams.policy.decision import Objection, headline_outcome
from recordgate_streams.ruleset import ReasonTexts

SHOWN = (Outcome.RELEASED, Outcome.RELEASED_REDACTED)
Row = Mapping[str, Any]
"""A decision as the history has it."""


def for_patient(texts: ReasonTexts) -> str:
    """Return what a patient may be shown: the same whether the entry is shown, hidden or never existed."""
    return texts.notice


def for_reviewer(explained: Explained, texts: ReasonTexts) -> Iterator[str]:
    """Yield, per audience, the decision in force: outcome, reasons in words, their triggers, what would change it."""
    for row in in_force(explained):
        outcome = Outcome(row["outcome"])
        yield f"{row['audience']}, version {row['version']}: {outcome}. {texts.outcomes[outcome]}"
        for one in row["reasons"]:
            text = texts[Reason(one["reason"])]
            yield f"  {one['reason']} (asks for {one['outcome']}): {text.reviewer}"
            if because := _because(one):
                yield f"    triggered by: {because}"
            yield f"    guidance: {text.guidance}"
            yield f"    what would change it: {text.remedy}"


def for_engineer(explained: Explained, ruleset: str) -> Iterator[str]:
    """Yield where the entry came from, what was known, and every decision with positions, ruleset and timings."""
    yield (
        f"version {explained.version} from entries/{explained.partition} offset {explained.offset},"
        f" received {explained.published_at}"
    )
    yield f"patient: control position {explained.control_position}, next look {explained.due_at or 'none'}"
    yield f"facts: {json.dumps(explained.facts, sort_keys=True)}"
    yield f"statements: {json.dumps(explained.statements, sort_keys=True)}"
    yield f"suppressed for its own reasons: {', '.join(explained.suppressed) or 'for nobody'}"
    yield f"affected by relatives: {', '.join(explained.affected) or 'by none'}"
    yield f"ruleset in force: {ruleset}"
    for row in explained.decisions:
        reasons = "; ".join(
            f"{one['reason']} ({one['outcome']}) {_because(one)}".rstrip() for one in row["reasons"]
        )
        yield (
            f"{row['decided_at']:%F %T.%f} {row['audience']} version {row['version']}: {row['outcome']}"
            f" under {row['decided_under']}, ruleset {row['ruleset']}{_delay(explained, row)}:"
            f" {reasons or 'no objection'}"
        )


def _delay(explained: Explained, row: Row) -> str:
    """How long after the arrival of the current version a decision about it was made."""
    if explained.published_at is None or row["decided_at"] < explained.published_at:
        return ""  # a decision about an earlier arrival
    return f", {row['decided_at'] - explained.published_at} after the current version arrived"


def why_not(explained: Explained, audience: str, texts: ReasonTexts) -> Iterator[str]:
    """Yield what stands between the entry and an audience, each with what would be left if it alone were gone."""
    row = next((one for one in in_force(explained) if one["audience"] == audience), None)
    if row is None:
        yield f"{audience}: nothing was decided for this audience; it has no grant here"
        return
    if row["outcome"] in SHOWN:
        yield f"{audience}: it is decided as {row['outcome']}; the view shows it unless its gate is closed"
        return
    objections = tuple(_objection(one) for one in row["reasons"])
    against = [o for o in objections if o.outcome not in SHOWN]
    yield f"{audience}: {row['outcome']}, because of {len(against)} of these; all must go before it is shown:"
    for one in dict.fromkeys(o.reason for o in against):
        left = headline_outcome(tuple(o for o in objections if o.reason is not one))
        yield f"  {one}: {texts[one].remedy} Without it alone: {left}."


def in_force(explained: Explained) -> list[Row]:
    """Return the newest decision for each audience."""
    return list({row["audience"]: row for row in explained.decisions}.values())


def _objection(row: Row) -> Objection:
    return Objection(Reason(row["reason"]), Outcome(row["outcome"]), row["because"])


def _because(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row["because"].items())
