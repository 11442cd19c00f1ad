"""Runs a rehearsal over the ledger: reading only, one snapshot, page by page; and keeps it for approval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import OdsCode
from recordgate_streams.ledger.rehearsals import Page, RehearsalStore
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.ledger.rules import ActiveRuleset
from recordgate_streams.rollout.rehearsal import ComparedRulesets, compare_patient
from recordgate_streams.rollout.report import Report, Scope, rehearsal_digest, report_data
from recordgate_streams.rollout.tally import Tally
from recordgate_streams.ruleset import Ruleset, engine_hash, from_document


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the ledger to rehearse on: everything, unless a sample of patients or a practice is named."""

    sample: int | None = None
    seed: str = "1"
    practice: OdsCode | None = None


def rehearse(ledger: RolloutStore, ruleset: Ruleset, part: Part, now: datetime) -> Report:
    """Return what the ruleset would change; nothing is written, and nothing that happens meanwhile is seen.

    Raises UsageError when this program cannot run the ruleset, or nothing is in force to compare with.
    """
    if ruleset.engine != engine_hash():
        raise UsageError(
            "ruleset: was made for other rule code than this program's; pack its folder again with"
            " this program, or rehearse with the program it was made for"
        )
    tally, store = Tally(), ledger.rehearsals
    with store.snapshot():
        active = active_ruleset(ledger)
        former = from_document(active.document) if _is_runnable(active) else None
        rulesets = ComparedRulesets(ruleset, former, now)
        with_bodies = any(r and r.settings.switches.text_hints for r in (ruleset, former))
        for page in _pages(store, part):
            for patient in store.patients(page, with_bodies=with_bodies):
                tally.add(compare_patient(patient, rulesets))
        scope = _scope(part, tally.patients, store.count_patients())
        positions = store.positions()
    return tally.report(ruleset, active, now, scope, positions)


def former_document(ledger: RolloutStore) -> Mapping[str, Any]:
    """Return the document that the last activation replaced; raise UsageError when there was none."""
    last = ledger.activations.last()
    if last is None:
        raise UsageError("rules: nothing was in force before; name a ruleset to rehearse")
    return last.former


def save(ledger: RolloutStore, ruleset: Ruleset, report: Report) -> str:
    """Keep a rehearsal, so that it can be approved, and return its digest."""
    data = report_data(report)
    digest = rehearsal_digest(ruleset.data, data)
    ledger.rehearsals.put(digest, ruleset.data, data, report.at)
    return digest


def active_ruleset(ledger: RolloutStore) -> ActiveRuleset:
    """Return the ruleset in force as stored; raise UsageError while there is none."""
    active = ledger.rules.active()
    if active is None:
        raise UsageError("ledger: nothing was decided yet; start the decider first")
    return active


def _is_runnable(active: ActiveRuleset) -> bool:
    return active.document.get("engine") == engine_hash()


def _scope(part: Part, patients: int, known: int) -> Scope:
    if part.sample:
        return Scope("sample", patients, known, seed=part.seed)
    if part.practice:
        return Scope("practice", patients, known, practice=part.practice)
    return Scope("whole", patients, known)


def _pages(store: RehearsalStore, part: Part) -> Iterator[Page]:
    if part.sample:
        yield from store.sampled_pages(part.seed, part.sample)
        return
    for page in store.pages():
        yield {
            number: facts
            for number, facts in page.items()
            if part.practice is None or part.practice in {r.practice for r in facts.registrations}
        }
