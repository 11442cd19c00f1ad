"""The controls lane: fold controls into facts and marks, then decide the patients concerned again, page by page."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.control import Control, Reviewed, StateConfirmed
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.decider.fold import fold
from recordgate_streams.lanes.agenda import ask_application, ask_due
from recordgate_streams.lanes.deciding import Cause
from recordgate_streams.lanes.entry_marks import effective, take_marks
from recordgate_streams.lanes.records import Decoded, decode_all, patient_of
from recordgate_streams.lanes.transaction import LaneTransaction
from recordgate_streams.lanes.verdicts import decide_within
from recordgate_streams.lanes.work import Work
from recordgate_streams.ledger.rows import EntryKey, Patient, Redecision, StoredEntry
from recordgate_streams.ledger.store import entry_key

PATIENTS_A_PAGE = 200


class ControlsLane:
    """Processes batches of the topic `controls`."""

    topic = CONTROLS

    def __init__(self, ledger: LaneTransaction, page_entries: int) -> None:
        self._ledger = ledger
        self._page_entries = page_entries

    def resume(self, partitions: Sequence[int]) -> None:
        """Publish what was committed before a crash, and finish re-decisions that it cut short."""
        self._ledger.republish(partitions)
        self._redecide(partitions)

    def process_batch(self, records: Sequence[Record]) -> None:
        """Take in the controls, commit, then decide again until nothing is left to decide."""
        with self._ledger.begin() as work:
            good, bad = decode_all(CONTROLS, self._ledger.fresh(CONTROLS, records))
            for record, error in bad:
                work.quarantine(CONTROLS, record, error)
            self._take_in(work, good, bad=[record for record, _ in bad])
        self._redecide(sorted({record.partition for record in records}))

    def _take_in(self, work: Work, good: list[Decoded], bad: list[Record]) -> None:
        unreadable = [(r, number) for r in bad if (number := patient_of(r))]
        owners = {m.nhs_number: r.partition for r, m in good}
        owners |= {number: record.partition for record, number in unreadable}
        if not owners:
            return
        patients = work.store.lock_patients(owners)
        controls = [(record, cast("Control", message)) for record, message in good]
        for record, control in controls:
            work.count(CONTROLS, record.partition, "control")
            number = control.nhs_number
            patients[number] = _after(patients[number], record, control)
        for record, number in unreadable:
            patients[number] = _after_unreadable(patients[number], record)
        concerned = take_marks(work.store, controls, work.rules.ruleset)
        work.store.put_facts(patients.values())
        work.store.ask_redecisions(
            [
                _asked(record, control.nhs_number, control, named)
                for (record, control), named in zip(controls, concerned, strict=True)
            ]
            + [_asked(record, number, None, ()) for record, number in unreadable]
        )

    def tick(self, partitions: Sequence[int]) -> None:
        """Decide again the patients for whom the time has come, or to whom a new ruleset is still to be applied."""
        with self._ledger.begin() as work:
            asked = ask_due(work, partitions) or ask_application(work, partitions)
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
        with self._ledger.begin() as work:
            numbers = work.store.next_redecisions(partitions, PATIENTS_A_PAGE)
            if not numbers:
                return False
            owners = dict.fromkeys(numbers, partitions[0])
            patients = work.store.lock_patients(owners)
            asked = {a.nhs_number: a for a in work.store.read_redecisions(numbers)}
            page = work.store.page_entries(list(asked), self._page_entries)
            causes = {n: Cause(a.published_at, a.forced) for n, a in asked.items()}
            full = len(page) == self._page_entries
            done = _turn(work, page, asked, full=full)
            concerned = {entry_key(stored.entry)[0] for stored in page} | {
                a.nhs_number for a in done
            }
            decide_within(
                work,
                {number: patients[number] for number in concerned},
                causes,
                work.store.subjects(page),
            )
            work.redecided += done
        return full or len(numbers) == PATIENTS_A_PAGE


def _after(patient: Patient, record: Record, control: Control) -> Patient:
    if isinstance(control.change, StateConfirmed):  # nobody confirms what has yet to come
        confirmed = StateConfirmed(min(control.change.through, record.offset))
        control = replace(control, change=confirmed)
    facts = fold(patient.facts, control, effective(record, control))
    position = max(patient.control_position, record.offset)
    return replace(patient, facts=facts, control_position=position)


def _after_unreadable(patient: Patient, record: Record) -> Patient:
    """SAFETY: a control nobody can read may have been a hide, so the patient's entries are held until repaired."""
    unreadable = max(patient.facts.unreadable_at, record.offset)
    facts = replace(patient.facts, unreadable_at=unreadable)
    position = max(patient.control_position, record.offset)
    return replace(patient, facts=facts, control_position=position)


def _asked(
    record: Record, number: NhsNumber, control: Control | None, named: tuple[EntryId, ...]
) -> Redecision:
    """What a control asks to be decided again: the entries it concerns, or everything."""
    return Redecision(
        nhs_number=number,
        partition=record.partition,
        through=record.offset,
        entry_ids=named or None,
        forced=named if control and isinstance(control.change, Reviewed) else (),
        published_at=datetime.fromtimestamp(record.timestamp_ms / 1000, UTC),
    )


def _turn(
    work: Work, page: list[StoredEntry], asked: dict[NhsNumber, Redecision], *, full: bool
) -> list[Redecision]:
    """Return the patients that are done: wholly on the page. The last one of a full page goes on, others wait."""
    last: EntryKey | None = entry_key(page[-1].entry) if page and full else None
    done = [a for number, a in asked.items() if last is None or number < last[0]]
    work.store.end_redecisions([a.nhs_number for a in done])
    if last is not None:
        work.store.turn_page(*last)
    return done
