"""Runs a rehearsal over the ledger: reading only, one snapshot, page by page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements
from recordgate_schemas.errors import UsageError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.values import EntryId, NhsNumber, OdsCode
from recordgate_streams.decider.record import AcceptedEntry
from recordgate_streams.ledger.decisions import DecisionStore
from recordgate_streams.ledger.records import RecordStore
from recordgate_streams.policy.facts import Facts
from recordgate_streams.rollout.rehearsal import PatientOnTrial, Trial, try_on
from recordgate_streams.rollout.report import Report, Scope, rehearsal_id, report_data
from recordgate_streams.rollout.tally import Tally
from recordgate_streams.ruleset import Ruleset, engine_hash, from_document

SQL = Statements("recordgate_streams.ledger", "rehearsal.sql")
PAGE_PATIENTS = 100
_FACTS = mapper(Facts, "json")

Page = dict[NhsNumber, Facts]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the ledger to rehearse on: everything, unless a sample of patients or a practice is named."""

    sample: int | None = None
    seed: str = "1"
    practice: OdsCode | None = None


def rehearse(db: psycopg.Connection, ruleset: Ruleset, part: Part, now: datetime) -> Report:
    """Return what the ruleset would change; nothing is written, and nothing that happens meanwhile is seen.

    Raises UsageError when this program cannot run the ruleset, or nothing is in force to compare with.
    """
    if ruleset.engine != engine_hash():
        raise UsageError(
            "ruleset: was made for other rule code than this program's; pack its folder again with"
            " this program, or rehearse with the program it was made for"
        )
    tally = Tally()
    with _snapshot(db):
        generation, digest, document = _in_force(db)
        trial = Trial(ruleset, _runnable(document), now)
        for page in _pages(db, part):
            for patient in _on_trial(db, page, trial):
                tally.add(try_on(patient, trial))
        known = _scalar(db, "count_patients")
        positions: dict[str, int] = dict(db.execute(SQL["positions"]).fetchall())
    scope = _scope(part, tally.patients, known)
    return tally.report(ruleset, (generation, digest), now, scope, positions)


def former_document(db: psycopg.Connection) -> Any:
    """Return the document that the last activation replaced; raise UsageError when there was none."""
    row = db.execute(SQL["former"]).fetchone()
    if row is None:
        raise UsageError("rules: nothing was in force before; name a ruleset to rehearse")
    return row[0]


def save(db: psycopg.Connection, ruleset: Ruleset, report: Report) -> str:
    """Keep a rehearsal, so that it can be approved, and return its id."""
    document, data = dict(ruleset.data), report_data(report)
    name = rehearsal_id(document, data)
    values = {"document": Jsonb(document), "report": Jsonb(data), "at": report.at}
    db.execute(SQL["put_rehearsal"], {"rehearsal_id": name, **values})
    return name


@contextmanager
def _snapshot(db: psycopg.Connection) -> Iterator[None]:
    with db.transaction():
        db.execute("set transaction isolation level repeatable read, read only")
        yield


def _scope(part: Part, patients: int, known: int) -> Scope:
    if part.sample:
        return Scope("sample", patients, known, seed=part.seed)
    if part.practice:
        return Scope("practice", patients, known, practice=part.practice)
    return Scope("whole", patients, known)


def _in_force(db: psycopg.Connection) -> tuple[int, str, Any]:
    row = db.execute(SQL["in_force"]).fetchone()
    if row is None:
        raise UsageError("ledger: nothing was decided yet; start the decider first")
    return row[0], row[1], row[2]


def _runnable(document: Any) -> Ruleset | None:
    return from_document(document) if document.get("engine") == engine_hash() else None


def _scalar(db: psycopg.Connection, name: str) -> int:
    row = db.execute(SQL[name]).fetchone()
    return int(row[0]) if row else 0


def _pages(db: psycopg.Connection, part: Part) -> Iterator[Page]:
    if part.sample:
        yield from _chosen_pages(db, part.seed, part.sample)
        return
    after = ""
    while rows := db.execute(
        SQL["page_patients"], {"after": after, "limit": PAGE_PATIENTS}
    ).fetchall():
        yield _page(rows, part.practice)
        after = rows[-1][0]


def _chosen_pages(db: psycopg.Connection, seed: str, sample: int) -> Iterator[Page]:
    rows = db.execute(SQL["choose_patients"], {"seed": seed, "n": sample}).fetchall()
    numbers = [number for (number,) in rows]
    for start in range(0, len(numbers), PAGE_PATIENTS):
        wanted = {"nhs_numbers": numbers[start : start + PAGE_PATIENTS]}
        yield _page(db.execute(SQL["read_patients"], wanted).fetchall(), None)


def _page(rows: list[Any], practice: OdsCode | None) -> Page:
    page = {NhsNumber(number): _FACTS.load(facts) for number, facts in rows}
    if practice is None:
        return page
    return {
        number: facts
        for number, facts in page.items()
        if any(registration.practice == practice for registration in facts.registrations)
    }


def _on_trial(db: psycopg.Connection, page: Page, trial: Trial) -> Iterator[PatientOnTrial]:
    store = RecordStore(db)
    keys = store.all_entries(page)
    in_force = DecisionStore(db).in_force(keys)
    entries: dict[NhsNumber, list[AcceptedEntry]] = {number: [] for number in page}
    for (number, _), accepted in sorted(store.entries(keys).items(), key=lambda one: one[0]):
        entries[number].append(accepted)
    bodies: dict[NhsNumber, dict[EntryId, bytes]] = {number: {} for number in page}
    if any(rules and rules.settings.switches.text_hints for rules in (trial.new, trial.old)):
        for (number, entry_id), body in store.bodies(keys).items():
            bodies[number][entry_id] = body
    statements = store.statements_of(page)
    for number, facts in page.items():
        yield PatientOnTrial(
            facts, entries[number], statements[number], in_force.get(number, {}), bodies[number]
        )
