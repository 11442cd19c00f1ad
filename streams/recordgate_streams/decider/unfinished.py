"""Readiness that follows from relatives: what is in a draft is a draft, and a report without all results is partial.

docs/specification.md, section 3; golden rows 46 and 50. It follows from what each entry states of itself, so it is the
same whoever published which of them last. The same for every audience.
"""

from collections.abc import Mapping
from itertools import chain

from recordgate_schemas.entry import ClinicalEntry, Kind, Readiness, Relation
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.relations import REPORTS, RESULTS, Relations
from recordgate_streams.policy.decision import Objection
from recordgate_streams.policy.rules.readiness import is_finished, is_unfinished, waiting
from recordgate_streams.policy.settings import PolicySettings

Derived = Mapping[EntryId, tuple[Objection, ...]]


def may_defer_relatives(entry: ClinicalEntry) -> bool:
    """Return whether an entry's own readiness may say something about other entries."""
    if entry.kind is Kind.CONSULTATION and entry.readiness is Readiness.DRAFT:
        return True
    if is_finished(entry.kind, entry.readiness) or entry.readiness is Readiness.IN_ERROR:
        return False
    result = any(link.relation is Relation.RESULT_OF for link in entry.links)
    return result or entry.kind in RESULTS or entry.kind in REPORTS


def derived_readiness(related: Relations, settings: PolicySettings) -> Derived:
    """Return the objections to finished entries whose relatives are not finished."""
    found: dict[EntryId, dict[Reason, Objection]] = {}
    drafts, (partial, unknown) = _in_drafts(related), _partial(related, settings)
    for reason, outcome, entries in (
        (Reason.DRAFT, waiting(settings), drafts),
        (Reason.PARTIAL, waiting(settings), partial),
        (Reason.UNKNOWN_READINESS, Outcome.HELD, unknown),
    ):
        for entry_id in sorted(entries):
            one = related.known.get(entry_id)
            if one is not None and is_finished(one.kind, one.readiness):
                objection = Objection(reason, outcome, {"relative": "is not finished"})
                found.setdefault(entry_id, {})[reason] = objection
    return {entry_id: tuple(by.values()) for entry_id, by in found.items()}


def _in_drafts(related: Relations) -> set[EntryId]:
    drafts = (
        one.entry_id
        for one in related.known.values()
        if one.kind is Kind.CONSULTATION and one.readiness is Readiness.DRAFT
    )
    return set(chain.from_iterable(map(related.below, drafts)))


def _partial(related: Relations, settings: PolicySettings) -> tuple[set[EntryId], set[EntryId]]:
    """Return what waits for other results, and the reports of which a result's readiness is unknown."""
    partial, unknown = set[EntryId](), set[EntryId]()
    for one in related.known.values():
        if one.kind not in REPORTS:
            continue
        results = related.results_below(one.entry_id) & related.known.keys()
        group = [related.known[entry_id] for entry_id in (one.entry_id, *results)]
        if any(is_unfinished(member.kind, member.readiness) for member in group):
            partial.add(one.entry_id)
            if settings.switches.defer_partial_reports:
                partial |= results
        if any(related.known[e].readiness is Readiness.UNKNOWN for e in results):
            unknown.add(one.entry_id)
    return partial, unknown
