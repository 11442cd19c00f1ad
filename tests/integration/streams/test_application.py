"""A ruleset in force reaches every patient once, no faster than it allows, through crashes; rolling back undoes it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from recordgate_runtime.metrics import RULE_PATIENTS_WAITING
from recordgate_runtime.settings import Settings
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry, Coding
from recordgate_schemas.messages import HoldClosed, HoldOpened, Redecided
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.inspection.gauges import refresh_account
from recordgate_streams.ledger.activations import Progress
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.run import former_document
from recordgate_streams.rollout.status import read_status
from recordgate_streams.ruleset import from_document
from tests.support.builders import RULESET, access, control, entry, registered, reviewed
from tests.support.ledger import PARTITION, Crash, Ledger
from tests.support.replay import patient
from tests.support.rules import ANN, BEN, CODE, Rules, with_code_set, with_limits

NEW = with_code_set(CODE, reason="COURT")
SLOW = with_limits(NEW, applied_per_second=2)
CODED = (Coding("http://snomed.info/sct", CODE),)
PATIENTS = 5


@pytest.fixture
def rules(ledger: Ledger, tmp_path: Path) -> Iterator[Rules]:
    """Five patients, each with a victim of NEW and a survivor."""
    for place in range(PATIENTS):
        ledger.say(*_registered(patient(place)))
        ledger.publish(*_entries(place))
    opened = Rules(ledger, tmp_path)
    yield opened
    opened.close()


def _registered(number: NhsNumber) -> list[Control]:
    return [replace(control(change), nhs_number=number) for change in (registered(), access())]


def _entries(place: int) -> list[ClinicalEntry]:
    who = {"nhs_number": patient(place)}
    victim = entry(entry_id=EntryId(f"victim-{place}"), codes=CODED, **who)
    return [victim, entry(entry_id=EntryId(f"survivor-{place}"), **who)]


def victims(ledger: Ledger) -> set[str]:
    """The victims still in the view."""
    return {entry_id for entry_id in ledger.view() if entry_id.startswith("victim")}


def waiting(rules: Rules) -> tuple[Progress, ...]:
    return tuple(read_status(rules.reader).progress)


def markers(ledger: Ledger, since: int) -> Counter[str]:
    """How often each patient was decided again since so many messages were sent."""
    released = ledger.broker.messages()[since:]
    return Counter(m.nhs_number.digits for m in released if isinstance(m.change, Redecided))


EVERYBODY_ONCE = Counter(patient(place).digits for place in range(PATIENTS))


def test_no_more_patients_a_second_than_the_ruleset_allows_and_progress_says_how_many(
    ledger: Ledger, ledger_dsn: str, rules: Rules
) -> None:
    rules.bring(SLOW)
    since = len(ledger.broker.messages())
    seen = []
    for _ in range(4):
        seen.append((len(victims(ledger)), waiting(rules), _gauge(ledger_dsn)))
        ledger.controls.tick([PARTITION])

    assert seen == [
        (5, (Progress(0, finished=False, done=0, patients=5),), 5),
        (3, (Progress(0, finished=False, done=2, patients=5),), 3),
        (1, (Progress(0, finished=False, done=4, patients=5),), 1),
        (0, (Progress(0, finished=True, done=5, patients=5),), 0),
    ]
    assert markers(ledger, since) == EVERYBODY_ONCE


def _gauge(dsn: str) -> float:
    refresh_account(Settings(ledger_dsn=dsn))
    return float(RULE_PATIENTS_WAITING._value.get())


def test_two_processes_share_the_patients_of_a_second(ledger: Ledger, rules: Rules) -> None:
    """Another process has partition 1, which waits too: this one decides half of the two a second."""
    rules.bring(SLOW)
    ledger.owner.execute("insert into rule_application (generation, partition) values (1, 1)")
    ledger.controls.tick([PARTITION])

    assert len(victims(ledger)) == 4


@pytest.mark.parametrize("crash_after", range(8))
def test_a_crash_in_the_middle_forgets_nobody_and_does_nobody_twice(
    ledger: Ledger, rules: Rules, crash_after: int
) -> None:
    ledger.page_entries = 2
    ledger.restart()
    rules.bring(SLOW)
    since = len(ledger.broker.messages())
    ledger.broker.crash_after = crash_after
    died = 0
    while not waiting(rules)[0].finished:
        try:
            ledger.controls.tick([PARTITION])
        except Crash:
            died += 1
            ledger.broker.crash_after = None
            ledger.restart()

    assert died == 1
    assert markers(ledger, since) == EVERYBODY_ONCE
    assert victims(ledger) == set()
    assert ledger.account().unaccounted == 0


def test_what_was_released_and_is_held_leaves_the_view_and_says_that_the_rules_changed(
    ledger: Ledger, rules: Rules
) -> None:
    """Golden rows 99a, 99b, 99c."""
    rules.bring(NEW)
    rules.apply()

    assert victims(ledger) == set()
    assert ledger.view().keys() == {f"survivor-{place}" for place in range(PATIENTS)}
    opened = [m.change for m in ledger.broker.messages("held")]
    assert {(o.entry_id, o.reasons, o.ruleset) for o in opened if isinstance(o, HoldOpened)} == {
        (f"victim-{place}", ("COURT", "RULE_CHANGE"), NEW.hash) for place in range(PATIENTS)
    }


def test_what_stays_the_same_is_the_new_rulesets_from_then_on(ledger: Ledger, rules: Rules) -> None:
    rules.bring(NEW)
    sent = len(ledger.broker.messages("receipts"))
    rules.apply()

    stamps = ledger.owner.execute("select distinct ruleset, generation from current_decision")
    assert stamps.fetchall() == [(NEW.hash, 1)]
    messages = ledger.broker.messages("receipts")[sent:]
    receipts = {receipt.entry_id for message in messages for receipt in message.receipts}
    assert receipts == {f"victim-{place}" for place in range(PATIENTS)}


def test_rolling_back_restores_the_former_view_and_closes_the_holds(
    ledger: Ledger, rules: Rules
) -> None:
    before = ledger.view()
    rules.bring(NEW)
    rules.apply()
    former = from_document(former_document(rules.reader))
    assert former.hash == RULESET.hash

    report = rules.bring(former)
    rules.apply()

    assert report.totals[Change.APPEARS].n == PATIENTS
    assert ledger.view() == before
    open_holds: set[str] = set()
    for message in ledger.broker.messages("held"):
        if isinstance(message.change, HoldOpened):
            open_holds.add(message.change.entry_id)
        elif isinstance(message.change, HoldClosed):
            open_holds.discard(message.change.entry_id)
    assert open_holds == set()
    assert from_document(former_document(rules.reader)).hash == NEW.hash


def test_rolling_back_in_the_middle_decides_again_only_by_the_newest_rules(
    ledger: Ledger, rules: Rules
) -> None:
    before = ledger.view()
    rules.bring(SLOW)
    ledger.controls.tick([PARTITION])
    assert len(victims(ledger)) == 3

    rules.bring(RULESET)
    since = len(ledger.broker.messages())
    assert waiting(rules) == (Progress(0, finished=False, done=0, patients=5),)
    rules.apply()

    assert ledger.view() == before
    assert waiting(rules) == (Progress(0, finished=True, done=5, patients=5),)
    ledger.controls.tick([PARTITION])
    assert markers(ledger, since) == EVERYBODY_ONCE
    asked = ledger.owner.execute("select generation, patients from rule_application order by 1")
    assert asked.fetchall() == [(1, 2), (2, 5)], "the first application was left where it was"


def test_a_reviewer_who_releases_under_the_new_rules_lifts_the_hold(
    ledger: Ledger, rules: Rules
) -> None:
    rules.bring(NEW)
    rules.apply()
    review = reviewed("COURT", "RULE_CHANGE", entry_id=EntryId("victim-0"), ruleset=NEW.hash)
    ledger.say(replace(control(review), nhs_number=patient(0)))

    assert victims(ledger) == {"victim-0"}


def test_entries_that_arrive_meanwhile_are_decided_by_the_new_rules_at_once(
    ledger: Ledger, rules: Rules
) -> None:
    rules.bring(SLOW)
    ledger.controls.tick([PARTITION])
    late = [*_entries(0), *_entries(PATIENTS - 1)]
    renamed = [replace(e, entry_id=EntryId(f"{e.entry_id}-late")) for e in late]
    ledger.publish(*renamed)
    newcomer = patient(PATIENTS)
    ledger.say(*_registered(newcomer))
    ledger.publish(*_entries(PATIENTS))

    assert len(victims(ledger)) == 3
    assert ledger.outcome("victim-0-late") == ("HELD", "COURT")
    assert _reasons(ledger, "victim-0-late") == ["COURT"]
    rules.apply()
    assert victims(ledger) == set()
    survivors = {f"survivor-{p}" for p in range(PATIENTS + 1)}
    assert ledger.view().keys() == survivors | {"survivor-0-late", f"survivor-{PATIENTS - 1}-late"}


def test_another_process_of_a_lane_takes_up_the_new_rules_with_its_next_batch(
    ledger: Ledger, rules: Rules
) -> None:
    other = ledger.entries_lane()
    rules.bring(NEW)
    fresh = entry(entry_id=EntryId("victim-new"), codes=CODED, nhs_number=patient(0))
    other.process_batch([ledger.record(ENTRIES, fresh)])

    assert ledger.outcome("victim-new") == ("HELD", "COURT")


def test_the_status_names_what_waits_and_who_approved(ledger: Ledger, rules: Rules) -> None:
    first = read_status(rules.reader)
    name = rules.save(NEW)
    rules.approve(name, BEN)
    asked = read_status(rules.reader)
    ledger.clock.instant += timedelta(seconds=1)
    rules.bring(NEW)
    done = read_status(rules.reader)

    assert (first.ruleset, first.generation, first.progress, first.open) == (
        RULESET.hash,
        0,
        (),
        (),
    )
    assert [(one.rehearsal, one.approvers) for one in asked.open] == [(name, (BEN,))]
    assert (done.ruleset, done.generation, done.approvers, done.open) == (
        NEW.hash,
        1,
        (ANN, BEN),
        (),
    )


def _reasons(ledger: Ledger, entry_id: str) -> list[str]:
    row = ledger.owner.execute(
        "select reasons from decision where entry_id = %s order by decision_id desc limit 1",
        (entry_id,),
    ).fetchone()
    assert row is not None
    return [one["reason"] for one in row[0]]
