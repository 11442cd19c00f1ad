"""Looks back: whether every change of the approvers and every activation in the ledger is one that was signed for.

Activating verifies only what it rests on. This verifies all there has been, each activation against the approvers of
its time, so that a row that somebody edited later is found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recordgate_streams.ledger.activations import ActivationRecord
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.rollout.approvers import ApproverSet, trusted_approvers
from recordgate_streams.rollout.checks import Rehearsal, check_approvals
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.rollout.report import rehearsal_digest, report_from
from recordgate_streams.rollout.run import active_ruleset

_FIRST = 0
"""The generation of a ledger's first ruleset, which nobody approves."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was looked at, and one line for each thing that does not hold."""

    changes: int
    activations: int
    problems: tuple[str, ...]


def verify(ledger: RolloutStore) -> Verified:
    """Return what holds, in one snapshot. Raises UsageError while nothing was decided or nobody may approve."""
    with ledger.rehearsals.snapshot():
        problems: list[str] = []
        changes = ledger.approvers.changes()
        sets: dict[int, ApproverSet] = {}
        for number in range(len(changes)):
            try:
                sets[number] = trusted_approvers(changes[: number + 1]).set
            except Refused as error:
                problems.append(str(error))
                break
        numbers = ledger.activations.generations()
        before: ActivationRecord | None = None
        for generation in numbers:
            record = ledger.activations.record(generation)
            problems += (
                f"activation {generation}: {why}" for why in _problems(record, before, sets)
            )
            before = record
        problems += _in_force(ledger, before)
    return Verified(len(changes), len(numbers), tuple(problems))


def _problems(
    record: ActivationRecord, before: ActivationRecord | None, sets: Mapping[int, ApproverSet]
) -> Iterator[str]:
    if record.former.get("hash") != record.from_hash:
        yield "the ruleset it keeps as the former one is another"
    if record.generation != (before.generation if before else _FIRST) + 1:
        yield "the activation before it is missing"
    elif before and record.from_hash != before.to_hash:
        yield "it replaced another ruleset than the one activated before it"
    if record.document.get("hash") != record.to_hash:
        yield "its rehearsal is of another ruleset"
    if rehearsal_digest(record.document, record.report) != record.rehearsal_id:
        yield "its rehearsal was changed after it was made"
        return
    approvers = sets.get(-1 if record.approver_change is None else record.approver_change)
    if approvers is None:
        yield "the approvers of its time are not known, or do not hold"
        return
    rehearsal = Rehearsal(record.rehearsal_id, record.document, report_from(record.report))
    try:
        check_approvals(rehearsal, record.approvals or (), approvers.keys)
    except Refused as error:
        yield str(error)


def _in_force(ledger: RolloutStore, last: ActivationRecord | None) -> Iterator[str]:
    active: Any = active_ruleset(ledger)
    expected = (last.generation, last.to_hash) if last else (_FIRST, active.hash)
    if (active.generation, active.hash) != expected:
        yield "the ruleset in force is not the one that was activated last; see docs/runbook/ruleset.md"
