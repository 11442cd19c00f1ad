"""The controls lane: fold controls into what is known, then decide the patients concerned again, page by page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.control import Control, RecordSnapshot, Reviewed
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.decider.fold import fold_facts
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, EntryKey
from recordgate_streams.decider.statements import entry_named, fold_statements, is_outdated
from recordgate_streams.lanes.deciding import Cause, count_decisions, decide_patients
from recordgate_streams.lanes.decode import patient_of, read_batch
from recordgate_streams.lanes.messages import enqueue_decided
from recordgate_streams.ledger.rows import Patient, Redecision
from recordgate_streams.ledger.unit_of_work import LaneLedger, UnitOfWork
from recordgate_streams.policy.statements import EntryStatements

PATIENTS_A_PAGE = 200
DUE_AT_ONCE = 500
Arrived = tuple[Record, NhsNumber, ControlEvent]
Statements = dict[EntryKey, EntryStatements]


class ControlsLane:
    """Processes batches of the topic `controls`."""

    topic = CONTROLS

    def __init__(self, ledger: LaneLedger, bodies: BodyReader, page_entries: int) -> None:
        self._ledger = ledger
        self._bodies = bodies
        self._page_entries = page_entries

    @property
    def partitions(self) -> int:
        """How many partitions every topic has, as the ledger adopted it."""
        return self._ledger.partitions

    def resume(self, partitions: Sequence[int]) -> None:
        """Publish what was committed before a crash, and finish re-decisions that it cut short."""
        self._ledger.republish(partitions)
        self._redecide(partitions)

    def process_batch(self, records: Sequence[Record]) -> None:
        """Fold the controls, commit, then decide again until nothing is left to decide."""
        with self._ledger.transaction() as work:
            good, bad = read_batch(work, CONTROLS, records)
            for record, _ in good:
                work.count(CONTROLS, record.partition, "control")
            unreadable = [(record, number) for record in bad if (number := patient_of(record))]
            arrived = [_arrived(r, m.nhs_number, cast("Control", m)) for r, m in good]
            _fold(work, arrived + [_arrived(record, number, None) for record, number in unreadable])
        self._redecide(sorted({record.partition for record in records}))

    def tick(self, partitions: Sequence[int]) -> None:
        """Decide again the patients whose time has come, or to whom a new ruleset is still to be applied."""
        with self._ledger.transaction() as work:
            asked = _ask_due(work, partitions) or _ask_application(work, partitions)
        if asked:
            self._redecide(partitions)

    def _redecide(self, partitions: Sequence[int]) -> None:
        pages = 0
        while self._redecide_page(partitions):
            pages += 1
        if pages > 1:
            log(LogCode.REDECIDED, count=pages)

    def _redecide_page(self, partitions: Sequence[int]) -> bool:
        """Decide one page again; False when nothing is left."""
        with self._ledger.transaction() as work:
            numbers = work.redecisions.next_patients(partitions, PATIENTS_A_PAGE)
            if not numbers:
                return False
            patients = work.records.lock_patients(dict.fromkeys(numbers, partitions[0]))
            asked = work.redecisions.read(numbers)
            page = work.redecisions.page(numbers, self._page_entries)
            full = len(page) == self._page_entries
            done = _advance(work, page, asked, full=full)
            concerned = {accepted.key[0] for accepted in page} | {one.nhs_number for one in done}
            decided = decide_patients(
                work,
                {number: patients[number] for number in concerned},
                {n: Cause(one.published_at, one.forced) for n, one in asked.items()},
                {accepted.key: accepted for accepted in page},
            )
            enqueue_decided(work, self._bodies, decided, done)
        count_decisions(self._ledger.lane, decided)
        return full or len(numbers) == PATIENTS_A_PAGE


def _arrived(record: Record, number: NhsNumber, control: Control | None) -> Arrived:
    received = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    return record, number, ControlEvent(received, record.offset, control)


def _fold(work: UnitOfWork, arrived: Sequence[Arrived]) -> None:
    """Fold controls into facts and statements, and ask for what they concern to be decided again."""
    if not arrived:
        return
    patients = work.records.lock_patients({number: r.partition for r, number, _ in arrived})
    named = {(n, e) for _, n, event in arrived if (e := _entry_named(event)) is not None}
    statements = work.records.statements(named)
    for _, number, event in arrived:
        patients[number] = _patient_after(patients[number], event)
        _fold_entry(work, statements, number, event)
    stated = {key: one for key, one in statements.items() if one != EntryStatements()}
    work.records.put_statements(stated)
    work.records.put_facts(patients.values())
    work.redecisions.ask(_asked(statements, *one) for one in arrived)


def _patient_after(patient: Patient, event: ControlEvent) -> Patient:
    facts, position = (
        fold_facts(patient.facts, event),
        max(patient.control_position, event.position),
    )
    return replace(patient, facts=facts, control_position=position)


def _fold_entry(
    work: UnitOfWork, statements: Statements, number: NhsNumber, event: ControlEvent
) -> None:
    change = event.control.change if event.control else None
    ruleset = work.rules.ruleset.hash
    if isinstance(change, RecordSnapshot):
        work.records.put_snapshot(number, change, event.effective_at)
    if isinstance(change, Reviewed) and is_outdated(change, ruleset):
        log(LogCode.REVIEW_REFUSED, ruleset=ruleset)
    if (entry_id := _entry_named(event)) is not None:
        known = statements.get((number, entry_id), EntryStatements())
        statements[number, entry_id] = fold_statements(known, event, ruleset)


def _entry_named(event: ControlEvent) -> EntryId | None:
    return entry_named(event.control.change) if event.control else None


def _asked(
    statements: Mapping[EntryKey, EntryStatements],
    record: Record,
    number: NhsNumber,
    event: ControlEvent,
) -> Redecision:
    """Return what a control asks to be decided again: the entry it names with its relatives, or everything.

    SAFETY: the marker that follows lifts the gate's fence from the relatives that the hides name, too.
    """
    entry_id = _entry_named(event)
    named: tuple[EntryId, ...] = ()
    if entry_id is not None:
        hides = statements[number, entry_id].hides
        related = {other for hide in hides for other in hide.related}
        named = (entry_id, *sorted(related - {entry_id}))
    reviewed = event.control is not None and isinstance(event.control.change, Reviewed)
    return Redecision(
        nhs_number=number,
        partition=record.partition,
        through=record.offset,
        entry_ids=named or None,
        forced=named if reviewed else (),
        published_at=event.received_at,
    )


def _advance(
    work: UnitOfWork,
    page: Sequence[AcceptedEntry],
    asked: Mapping[NhsNumber, Redecision],
    *,
    full: bool,
) -> list[Redecision]:
    """Return the patients whose last entry is on the page; the last patient of a full page goes on with the next."""
    last = page[-1].key if page and full else None
    done = [one for number, one in asked.items() if last is None or number < last[0]]
    work.redecisions.end([one.nhs_number for one in done])
    if last is not None:
        work.redecisions.advance(*last)
    return done


def _ask_due(work: UnitOfWork, partitions: Sequence[int]) -> bool:
    """Ask for the patients whose time has come; False when there are none."""
    due = work.records.claim_due(partitions, work.at, DUE_AT_ONCE)
    _ask_all_entries(work, due)
    return bool(due)


def _ask_application(work: UnitOfWork, partitions: Sequence[int]) -> bool:
    """Ask for the next patients to whom the ruleset in force is still to be applied; False when there are none.

    Called once a second by every process of the lane. Each takes its partitions' part of the number of patients that
    the ruleset allows for a second.
    """
    waiting = work.applications.claim(work.rules.generation, partitions)
    if not waiting:
        return False
    a_second = work.rules.ruleset.activation.applied_per_second
    ours = max(1, a_second * len(waiting) // waiting[0].everywhere)
    each = max(1, ours // len(waiting))
    for application in waiting[:ours]:
        found = work.applications.next_patients(application, each)
        _ask_all_entries(
            work, [(number, application.partition, position) for number, position in found]
        )
        numbers = [number for number, _ in found]
        work.applications.advance(application, numbers, work.at, finished=len(found) < each)
    return True


def _ask_all_entries(work: UnitOfWork, patients: Iterable[tuple[NhsNumber, int, int]]) -> None:
    """Ask for patients, given with partition and control position, to be decided again, all their entries."""
    work.redecisions.ask(
        Redecision(number, partition, position, None, (), work.at)
        for number, partition, position in patients
    )
