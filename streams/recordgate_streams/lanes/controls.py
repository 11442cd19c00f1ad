"""The controls lane: fold controls into what is known, then decide the patients concerned again, page by page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from recordgate_runtime.isolation import Isolation, blames_a_record
from recordgate_runtime.logs import LogCode, log, where
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.control import Control, RecordSnapshot, Reviewed
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.decider.fold import fold_facts
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, EntryKey
from recordgate_streams.decider.statements import entry_named, fold_statements, is_outdated
from recordgate_streams.lanes import refusal
from recordgate_streams.lanes.arrivals import Arrived, received, unreadable
from recordgate_streams.lanes.decided import Cause
from recordgate_streams.lanes.deciding import count_decisions, decide_patients
from recordgate_streams.lanes.decode import read_batch
from recordgate_streams.lanes.due import ask_application, ask_due
from recordgate_streams.lanes.follow_up import follow_up
from recordgate_streams.lanes.messages import enqueue_decided
from recordgate_streams.lanes.restoration import Ends, begin, steps
from recordgate_streams.lanes.room import Room
from recordgate_streams.lanes.signatures import refusals
from recordgate_streams.ledger.rows import Patient, Redecision
from recordgate_streams.ledger.unit_of_work import LaneLedger, UnitOfWork
from recordgate_streams.policy.statements import EntryStatements

PATIENTS_A_PAGE = 200
Statements = dict[EntryKey, EntryStatements]


class ControlsLane:
    """Processes batches of the topic `controls`."""

    topic = CONTROLS

    def __init__(self, ledger: LaneLedger, settings: Settings, ends: Ends) -> None:
        self._ledger = ledger
        self._ends = ends
        self._settings = settings
        self._most_undecided = settings.isolated_in_a_row
        self._undecided: set[NhsNumber] = set()
        self._isolation = Isolation(self._process, self._set_aside, settings)
        refusal.begin_counting()

    @property
    def partitions(self) -> int:
        """How many partitions every topic has, as the ledger adopted it."""
        return self._ledger.partitions

    def resume(self, partitions: Sequence[int]) -> None:
        """Publish what was committed before a crash, and finish re-decisions that it cut short."""
        self._undecided.clear()
        self._ledger.republish(partitions)
        self._ledger.remember_isolated(CONTROLS, partitions, self._isolation.fuse)
        begin(self._ledger, partitions, self._ends)
        self._redecide(partitions)
        self._go_on(partitions)

    def process_batch(self, records: Sequence[Record]) -> None:
        """Fold the controls, commit, then decide again until nothing is left to decide."""
        self._isolation.run(records)
        self._redecide(sorted({record.partition for record in records}))

    def pass_over(self, spans: Sequence[Span]) -> None:
        """Move past offsets that hold no record, where everything before them is accounted for."""
        self._ledger.pass_over(spans)

    def _process(self, records: Sequence[Record]) -> None:
        with self._ledger.transaction() as work:
            good, bad = read_batch(work, CONTROLS, records)
            controls = [(record, cast("Control", message)) for record, message in good]
            refused = refusals(work.service_keys, controls)
            arrived = received(work, controls, refused)
            self._undecided -= {number for _, number, _ in arrived}
            _fold(work, [*arrived, *unreadable(bad)])
        refusal.count(refused.values())

    def _set_aside(self, record: Record, reason: str) -> None:
        """Quarantine a control that could not be applied. SAFETY: it holds the patient, as an unreadable one does."""
        with self._ledger.transaction() as work:
            claimed = work.claim_new_records(CONTROLS, [record])
            for one in claimed:
                work.quarantine(CONTROLS, one, reason)
            _fold(work, unreadable(claimed))

    def tick(self, partitions: Sequence[int]) -> None:
        """Decide again the patients whose time has come, or to whom a new ruleset is still to be applied."""
        with self._ledger.transaction() as work:
            _ = ask_due(work, partitions) or ask_application(work, partitions)
        self._redecide(partitions)  # also what the entries lane has left over
        self._go_on(partitions)

    def _go_on(self, partitions: Sequence[int]) -> None:
        for _ in steps(self._ledger, partitions, self._undecided):
            self._redecide(partitions)

    def stop(self) -> None:
        """Leave nothing in the outbox that was published."""
        self._ledger.forget_confirmed()

    def _redecide(self, partitions: Sequence[int]) -> None:
        pages = 0
        while self._redecide_some(partitions, PATIENTS_A_PAGE):
            pages += 1
        if pages > 1:
            log(LogCode.REDECIDED, count=pages)

    def _redecide_some(self, partitions: Sequence[int], patients: int) -> bool:
        """Decide one page again, of fewer patients while one of them cannot be decided; False when nothing is left."""
        try:
            return self._redecide_page(partitions, patients)
        except Exception as error:
            if not blames_a_record(error):
                raise
            if patients > 1:
                self._redecide_some(partitions, patients // 2)
            else:
                self._leave_undecided(partitions, error)
            return True

    def _leave_undecided(self, partitions: Sequence[int], error: Exception) -> None:
        """Go on without the next patient. SAFETY: no marker is published, so the fence of its controls stays."""
        with self._ledger.transaction() as work:
            self._undecided.update(work.redecisions.next_patients(partitions, 1, self._undecided))
        log(LogCode.UNDECIDED, lane=CONTROLS.name, error=type(error).__name__, where=where(error))
        if len(self._undecided) > self._most_undecided:
            raise FatalError(
                "too many patients cannot be decided again; see docs/runbook/isolation-fuse.md"
            )

    def _redecide_page(self, partitions: Sequence[int], most: int) -> bool:
        with self._ledger.transaction() as work:
            numbers = work.redecisions.next_patients(partitions, most, self._undecided)
            if not numbers:
                return False
            patients = work.records.lock_patients(dict.fromkeys(numbers, partitions[0]))
            asked = work.redecisions.read(numbers)
            room = Room.of_a_page(self._settings)
            page, full = work.redecisions.page(numbers, room.entries, room.bytes)
            done = _advance(work, page, asked, full=full)
            concerned = {accepted.key[0] for accepted in page} | {one.nhs_number for one in done}
            decided = decide_patients(
                work,
                {number: patients[number] for number in concerned},
                {
                    n: Cause(one.published_at, one.forced, one.publish_all)
                    for n, one in asked.items()
                },
                {accepted.key: accepted for accepted in page},
                room,
            )
            unfinished = follow_up(work, decided, asked)
            marked = [one for one in done if one.nhs_number not in unfinished]
            enqueue_decided(work, decided, marked)
        count_decisions(self._ledger.lane, decided)
        return full or len(numbers) == most


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
    work.redecisions.ask(_asked(statements, arrived))


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
    if isinstance(change, RecordSnapshot) and event.counts:
        work.records.put_snapshot(number, change, event.effective_at)
    if isinstance(change, Reviewed) and event.counts and is_outdated(change, ruleset):
        log(LogCode.REVIEW_REFUSED, ruleset=ruleset)
    if (entry_id := _entry_named(event)) is not None:
        known = statements.get((number, entry_id), EntryStatements())
        statements[number, entry_id] = fold_statements(known, event, ruleset)


def _entry_named(event: ControlEvent) -> EntryId | None:
    return entry_named(event.control.change) if event.control else None


def _asked(statements: Statements, arrived: Iterable[Arrived]) -> list[Redecision]:
    """Return what controls ask to be decided again, one request a patient: many controls cost no more than one."""
    by_patient: dict[NhsNumber, list[Arrived]] = defaultdict(list)
    for one in arrived:
        by_patient[one[1]].append(one)
    return [_asked_of(statements, number, some) for number, some in by_patient.items()]


def _asked_of(statements: Statements, number: NhsNumber, arrived: Sequence[Arrived]) -> Redecision:
    """Return what a patient's controls ask for: the entries they name with their relatives, or everything."""
    events = [event for _, _, event in arrived]
    named = {_entry_named(event) for event in events}
    reviewed = {_entry_named(event) for event in events if _is_review(event)}
    return Redecision(
        nhs_number=number,
        partition=arrived[0][0].partition,
        through=max(record.offset for record, _, _ in arrived),
        entry_ids=None if None in named else _with_relatives(statements, number, named),
        forced=_with_relatives(statements, number, reviewed),
        published_at=min(event.received_at for event in events),
    )


def _with_relatives(
    statements: Statements, number: NhsNumber, named: Iterable[EntryId | None]
) -> tuple[EntryId, ...]:
    """Return entries that controls name, and the relatives that hides of them name.

    SAFETY: the marker that follows lifts the gate's fence from these, too.
    """
    entries = {entry_id for entry_id in named if entry_id is not None}
    hides = (hide for entry_id in entries for hide in statements[number, entry_id].all_hides)
    return tuple(sorted(entries.union(*(hide.related for hide in hides))))


def _is_review(event: ControlEvent) -> bool:
    return event.control is not None and isinstance(event.control.change, Reviewed)


def _advance(
    work: UnitOfWork,
    page: Sequence[AcceptedEntry],
    asked: Mapping[NhsNumber, Redecision],
    *,
    full: bool,
) -> list[Redecision]:
    """Return the patients who are done: their last entry is on the page, and nothing was left over on any."""
    last = page[-1].key if page and full else None
    done = [one for number, one in asked.items() if last is None or number < last[0]]
    ended = work.redecisions.end([one.nhs_number for one in done])
    if last is not None:
        work.redecisions.advance(*last)
    return [one for one in done if one.nhs_number in ended]
