"""One decision, told to three readers: to patients nothing that differs, to reviewers what to do, to engineers all."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.inspection.explain import Explained
from recordgate_streams.policy.decision import Objection, headline_outcome
from recordgate_streams.ruleset import ReasonTexts

SHOWN = (Outcome.RELEASED, Outcome.RELEASED_REDACTED)
Told = Mapping[str, Any]


def for_patient(texts: ReasonTexts) -> str:
    """Return what a patient may be told: the same whether the entry is shown, hidden or never existed."""
    return texts.standing


def for_reviewer(explained: Explained, texts: ReasonTexts) -> Iterator[str]:
    """Yield, per audience, the decision in force: outcome, reasons in words, their triggers, what would change it."""
    for told in in_force(explained):
        outcome = Outcome(told["outcome"])
        yield f"{told['audience']}, version {told['version']}: {outcome}. {texts.outcomes[outcome]}"
        for one in told["reasons"]:
            text = texts[Reason(one["reason"])]
            yield f"  {one['reason']} (asks for {one['outcome']}): {text.reviewer}"
            if because := _because(one):
                yield f"    triggered by: {because}"
            yield f"    guidance: {text.guidance}"
            yield f"    what would change it: {text.remedy}"


def for_engineer(explained: Explained, ruleset: str) -> Iterator[str]:
    """Yield where the entry came from, what was known, and every decision with positions, ruleset and timings."""
    yield (
        f"version {explained.version} from {explained.topic}/{explained.partition} offset {explained.offset},"
        f" received {explained.published_at}"
    )
    yield f"patient: control position {explained.control_position}, next look {explained.due_at or 'none'}"
    yield f"facts: {json.dumps(explained.facts, sort_keys=True)}"
    yield f"marks: {json.dumps(explained.marks, sort_keys=True)}"
    yield f"concealed for a reason of its own: {', '.join(explained.roots) or 'for nobody'}"
    yield f"reached by relatives: {', '.join(explained.reached) or 'by none'}"
    yield f"ruleset in force: {ruleset}"
    for told in explained.decisions:
        took = (told["decided_at"] - explained.published_at) if explained.published_at else None
        reasons = "; ".join(
            f"{one['reason']} ({one['outcome']}) {_because(one)}".rstrip()
            for one in told["reasons"]
        )
        yield (
            f"{told['decided_at']:%F %T.%f} {told['audience']} version {told['version']}: {told['outcome']}"
            f" under {told['decided_under']}, ruleset {told['ruleset']},"
            f" {took} after the standing version arrived: {reasons or 'no objection'}"
        )


def why_not(explained: Explained, audience: str, texts: ReasonTexts) -> Iterator[str]:
    """Yield what stands between the entry and an audience, each with what would be left if it alone were gone."""
    told = next((one for one in in_force(explained) if one["audience"] == audience), None)
    if told is None:
        yield f"{audience}: nothing was decided for this audience; it has no grant here"
        return
    if told["outcome"] in SHOWN:
        yield f"{audience}: it is decided as {told['outcome']}; the view shows it unless its gate is closed"
        return
    objections = tuple(_objection(one) for one in told["reasons"])
    standing = [o for o in objections if o.outcome not in SHOWN]
    yield f"{audience}: {told['outcome']}, because of {len(standing)} of these; all must go before it is shown:"
    for one in dict.fromkeys(o.reason for o in standing):
        left = headline_outcome(tuple(o for o in objections if o.reason is not one))
        yield f"  {one}: {texts[one].remedy} Without it alone: {left}."


def in_force(explained: Explained) -> list[Told]:
    """Return the newest decision for each audience."""
    return list({told["audience"]: told for told in explained.decisions}.values())


def _objection(told: Told) -> Objection:
    return Objection(Reason(told["reason"]), Outcome(told["outcome"]), told["because"])


def _because(told: Told) -> str:
    return ", ".join(f"{name} {value}" for name, value in told["because"].items())
