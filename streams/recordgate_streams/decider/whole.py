"""Decides all entries of one patient at once, for one audience, with what relatives must not reveal. Pure.

For whoever has the whole patient in hand: histories in memory and rehearsals.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.cascade import (
    Root,
    reach,
    relative_of,
    root_of,
    root_of_unseen,
)
from recordgate_streams.decider.decide import (
    conclude,
    object_to,
    standing_objections,
    with_pointers,
)
from recordgate_streams.decider.references import unseen
from recordgate_streams.decider.review import after_review
from recordgate_streams.decider.signals import signals_of
from recordgate_streams.policy.audience import Standing
from recordgate_streams.policy.decision import Case, Decision, Integrity, Objection
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.settings import PolicySettings
from recordgate_streams.policy.statements import Marks


@dataclass(frozen=True, slots=True)
class Whole:
    """One patient's entries, with what acceptance found out, and what controls said of any entry, arrived or not."""

    entries: Mapping[EntryId, tuple[ClinicalEntry, Integrity]]
    marks: Mapping[EntryId, Marks]


def with_all_signals(
    facts: Facts, entries: Iterable[tuple[ClinicalEntry, bool]], settings: PolicySettings
) -> Facts:
    """Return the facts with the signals that these settings find in all of the patient's entries, and no others.

    With each entry comes whether it is in conflict.
    """
    said = [
        one for entry, conflict in entries for one in signals_of(entry, settings, conflict=conflict)
    ]
    said.sort(key=lambda one: (one.entry_id, one.signal))
    return replace(facts, signals=tuple(said))


def decide_whole(whole: Whole, standing: Standing, ruleset: str) -> dict[EntryId, Decision]:
    """Return the decision about every entry for the audience of `standing`, under the ruleset of that hash."""
    against_all = standing_objections(standing)
    cases = {entry_id: _case(whole, entry_id, standing) for entry_id in whole.entries}
    own = {entry_id: object_to(case, against_all) for entry_id, case in cases.items()}
    roots = _roots(whole, cases, own)
    relatives = (relative_of(e, conflict=flaws.conflict) for e, flaws in whole.entries.values())
    reached = reach(relatives, roots) if roots else {}
    decisions = {}
    for entry_id, case in cases.items():
        related = replace(case, relatives=reached.get(entry_id, ()))
        decisions[entry_id] = conclude(related, own[entry_id], ruleset)
    shown = {entry_id for entry_id, decision in decisions.items() if decision.released}
    return {
        entry_id: with_pointers(decision, unseen(cases[entry_id].entry, shown))
        for entry_id, decision in decisions.items()
    }


def _case(whole: Whole, entry_id: EntryId, standing: Standing) -> Case:
    entry, integrity = whole.entries[entry_id]
    return Case(entry, standing, whole.marks.get(entry_id, Marks()), integrity)


def _roots(
    whole: Whole,
    cases: Mapping[EntryId, Case],
    own: Mapping[EntryId, tuple[Objection, ...]],
) -> dict[EntryId, Root]:
    roots: dict[EntryId, Root] = {}
    for entry_id, case in cases.items():
        root = root_of(after_review(case, own[entry_id]), case.marks.related())
        if root is not None:
            roots[entry_id] = root
    for entry_id, marks in whole.marks.items():
        root = None if entry_id in cases else root_of_unseen(marks)
        if root is not None:
            roots[entry_id] = root
    return roots
