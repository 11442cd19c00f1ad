"""A ruleset comes into force only as two people approved it: every condition alone refuses, and changes nothing."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import psycopg
import pytest
from psycopg.types.json import Jsonb

from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry, Coding
from recordgate_schemas.errors import FatalError, RetryableError, UsageError
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import EntryId
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.lanes.controls import ControlsLane
from recordgate_streams.rollout import activation
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.run import Part, save
from recordgate_streams.ruleset import from_data
from tests.support.builders import (
    OTHER_NUMBER,
    PRACTICE,
    RULESET,
    access,
    control,
    entry,
    registered,
)
from tests.support.ledger import Ledger
from tests.support.rules import (
    ANN,
    BEN,
    CODE,
    Rules,
    content,
    in_force,
    refused,
    with_code_set,
    with_limits,
    with_switch,
)

NEW = with_code_set(CODE, reason="COURT")
HARMLESS = with_switch("on_104", "suspend_view")
CODED = (Coding("http://snomed.info/sct", CODE),)


@pytest.fixture
def rules(ledger: Ledger, tmp_path: Path) -> Iterator[Rules]:
    """A ledger with a victim of NEW and a survivor."""
    ledger.say(registered(), access())
    ledger.publish(entry(entry_id=EntryId("victim"), codes=CODED))
    ledger.publish(entry(entry_id=EntryId("survivor")))
    opened = Rules(ledger, tmp_path)
    yield opened
    opened.close()


def test_an_empty_ledger_begins_with_the_shipped_ruleset(ledger: Ledger) -> None:
    ledger.say(registered())

    assert in_force(ledger) == (0, RULESET.hash)


def test_what_two_approved_comes_into_force_and_is_remembered(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(NEW)
    for who in (ANN, BEN):
        rules.approve(name, who, disappear=1)

    assert rules.activate(name) == 1

    assert in_force(ledger) == (1, NEW.hash)
    row = ledger.owner.execute(
        "select generation, rehearsal_id, from_hash, to_hash, former->>'hash', approver_change from activation"
    ).fetchone()
    assert row == (1, name, RULESET.hash, NEW.hash, RULESET.hash, 0)
    assert ledger.owner.execute("select partition from rule_application").fetchall() == [(0,)]
    assert ledger.view() == {"victim": 1, "survivor": 1}, "applied later, by the controls lane"


def test_a_change_within_the_limits_needs_no_counts(rules: Rules) -> None:
    name = rules.save(HARMLESS)
    for who in (ANN, BEN):
        rules.approve(name, who)

    assert rules.activate(name) == 1


def test_one_approver_is_not_enough_nor_the_same_one_twice(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS)
    refused(ledger, rules, name, "0 of 2 different approvers")
    rules.approve(name, ANN)
    rules.approve(name, ANN)
    refused(ledger, rules, name, "1 of 2 different approvers")


def test_counts_that_were_not_found_cannot_be_accepted(rules: Rules) -> None:
    name = rules.save(NEW)

    with pytest.raises(Refused, match="accepts 2 where disappears was found 1 times"):
        rules.approve(name, ANN, disappear=2)


def test_beyond_the_limit_every_approver_must_accept_exactly_what_was_found(
    ledger: Ledger, rules: Rules
) -> None:
    name = rules.save(NEW)
    for who in (ANN, BEN):
        rules.approve(name, who)
    limit = "disappears: 1 of 2 released, 50.000%, is more than the limit of 0.100%"
    refused(ledger, rules, name, limit)

    rules.approve(name, ANN, disappear=1)
    refused(ledger, rules, name, "--accept-disappear 1")

    rules.approve(name, BEN, disappear=1)
    assert rules.activate(name) == 1


def test_what_appears_has_a_limit_of_its_own(ledger: Ledger, rules: Rules) -> None:
    ledger.publish(entry(entry_id=EntryId("backdated"), event_date=registered().registered_on))
    name = rules.save(with_switch("backdated", "release"))
    for who in (ANN, BEN):
        rules.approve(name, who)

    refused(ledger, rules, name, "appears: 1 of 2 released.*limit of 1.000%")


def test_a_ruleset_cannot_allow_itself_more(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(with_limits(NEW, most_disappear=1.0))
    for who in (ANN, BEN):
        rules.approve(name, who)

    refused(ledger, rules, name, "limit of 0.100%")


def test_a_sample_that_may_hide_too_much_is_refused_whatever_was_accepted(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(*_another_patient())
    name = rules.save(NEW, Part(sample=1))
    found = activation.read_rehearsal(rules.keeper, name).report.totals[Change.DISAPPEARS].n
    for who in (ANN, BEN):
        rules.approve(name, who, disappear=found)

    refused(ledger, rules, name, "as far as a sample can tell; rehearse on the whole ledger")


def test_a_sample_within_limits_is_enough(ledger_dsn: str, tmp_path: Path) -> None:
    wide = with_limits(most_appear=1.0, most_disappear=1.0)
    opened = Ledger(ledger_dsn, wide)
    opened.say(registered(), access(), *_another_patient())
    rules = Rules(opened, tmp_path)
    name = rules.save(with_limits(NEW, most_appear=1.0, most_disappear=1.0), Part(sample=1))
    for who in (ANN, BEN):
        rules.approve(name, who)

    assert rules.activate(name) == 1
    rules.close()
    opened.close()


def test_one_practice_says_nothing_about_the_others(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS, Part(practice=PRACTICE))
    for who in (ANN, BEN):
        rules.approve(name, who)

    refused(ledger, rules, name, "of one practice, which says nothing about the others")


def test_a_rehearsal_is_good_for_a_day(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS)
    for who in (ANN, BEN):
        rules.approve(name, who)
    ledger.clock.instant += timedelta(days=1, seconds=1)
    refused(ledger, rules, name, "more than a day ago")

    ledger.clock.instant -= timedelta(seconds=1)
    assert rules.activate(name) == 1


def test_a_rehearsal_against_what_is_in_force_no_more_is_refused(
    ledger: Ledger, rules: Rules
) -> None:
    name = rules.save(NEW)
    for who in (ANN, BEN):
        rules.approve(name, who, disappear=1)
    rules.bring(HARMLESS)

    with pytest.raises(Refused, match="in force no more; rehearse again"):
        rules.activate(name)
    assert in_force(ledger) == (1, HARMLESS.hash)


def test_a_rehearsal_by_another_program_is_refused(ledger: Ledger, rules: Rules) -> None:
    other = from_data(content(HARMLESS) | {"engine": "ab" * 32})
    report = replace(rules.rehearse(HARMLESS), ruleset=other.hash, engine=other.engine)
    name = save(rules.keeper, other, report)
    for who in (ANN, BEN):
        rules.approve(name, who)

    refused(ledger, rules, name, "other rule code than this program's")


def test_an_unknown_rehearsal_and_one_named_too_shortly_are_refused(rules: Rules) -> None:
    name = rules.save(HARMLESS)
    for unknown in ("0" * 64, name[:11], "", "%" * 12):
        with pytest.raises(UsageError, match=r"not known.*at least 12 digits"):
            rules.activate(unknown)


def test_lanes_cannot_change_the_rules_and_the_keeper_reads_no_patient(
    ledger: Ledger, rules: Rules
) -> None:
    lane = ledger.entries._ledger._db
    for forbidden in (
        "update active_ruleset set generation = 7",
        "insert into rule_application (generation, partition) values (7, 7)",
        "insert into activation select * from activation",
        "delete from active_ruleset",
        "insert into approver_change values (9, '', '', '{}', now())",
        "insert into signed_approval (rehearsal_id, approver, jws, at) values ('', '', '', now())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            lane.execute(forbidden)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rules.reader_db.execute(forbidden)
    for table in ("patient", "entry", "decision", "current_decision", "outbox"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rules.keeper_db.execute(f"select from {table}".encode())
    for table in ("activation", "signed_approval", "rehearsal", "approver_change"):
        for forbidden in ("delete from {}", "update {} set at = now()", "truncate {}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rules.keeper_db.execute(forbidden.format(table).encode())


def test_an_activation_waits_for_a_lane_and_the_older_decision_never_comes_last(
    ledger: Ledger, rules: Rules
) -> None:
    """The entries lane is in the middle of deciding by the old rules when the activation is asked for."""
    name = rules.save(NEW)
    for who in (ANN, BEN):
        rules.approve(name, who, disappear=1)
    inside, go_on = Event(), Event()

    class SlowBodies(BodyReader):
        def mismatch(self, entry: ClinicalEntry) -> bool:
            inside.set()
            assert go_on.wait(30)
            return super().mismatch(entry)

    slow = ledger.entries_lane(SlowBodies())
    late = [ledger.record(ENTRIES, entry(entry_id=EntryId("late"), codes=CODED))]
    second = ledger.controls_lane()
    with ThreadPoolExecutor() as pool:
        deciding = pool.submit(slow.process_batch, late)
        assert inside.wait(30)
        activating = pool.submit(rules.activate, name)
        try:
            _until(ledger, waiting=1)
            coming_later = pool.submit(_generation, second)
            _until(ledger, waiting=2)
            assert in_force(ledger) == (0, RULESET.hash)
        finally:
            go_on.set()
        deciding.result(30)
        assert activating.result(30) == 1
        assert coming_later.result(30) == 1, "busy lanes must not keep an activation waiting"

    rows = ledger.owner.execute("select entry_id, generation from current_decision").fetchall()
    assert dict(rows) == {"victim": 0, "late": 0, "survivor": 0}
    rules.apply()
    assert ledger.view() == {"survivor": 1}
    assert ledger.outcome("late") == ("HELD", "COURT")


def _generation(lane: ControlsLane) -> int:
    with lane._ledger.transaction() as work:
        return work.rules.generation


def test_a_lane_that_does_not_end_leaves_everything_as_it_was(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS)
    for who in (ANN, BEN):
        rules.approve(name, who)
    rules.keeper_db.execute("set lock_timeout = 100")
    lane = ledger.entries._ledger

    with lane.transaction(), pytest.raises(RetryableError, match="nothing was changed, try again"):
        rules.activate(name)

    assert in_force(ledger) == (0, RULESET.hash)
    assert rules.activate(name) == 1


def test_a_ruleset_that_was_written_past_the_approvals_decides_nothing(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    forged = {**RULESET.data, "version": "forged"}
    found = from_data({name: value for name, value in forged.items() if name != "hash"})
    ledger.owner.execute(
        "update active_ruleset set generation = generation + 1, hash = %s, document = %s",
        (found.hash, json.dumps(dict(found.data))),
    )
    with pytest.raises(FatalError, match="was never activated"):
        ledger.publish(entry())
    assert ledger.view() == {}


DOCUMENTS: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
    "other rule code": lambda document: {**document, "engine": "another"},
    "not what was activated": lambda document: {**document, "name": "changed"},
}


@pytest.mark.parametrize("why", DOCUMENTS)
def test_a_lane_stops_at_rules_it_cannot_trust(ledger: Ledger, rules: Rules, why: str) -> None:
    ledger.say(registered(), access())
    rules.bring(NEW)
    document = DOCUMENTS[why](dict(NEW.data))
    ledger.owner.execute("update active_ruleset set document = %s", (Jsonb(document),))

    with pytest.raises(FatalError, match=why):
        ledger.publish(entry(entry_id=EntryId("new")))
    with pytest.raises(FatalError, match=why):
        ledger.controls.tick([0])


def _another_patient() -> list[Control]:
    return [replace(control(c), nhs_number=OTHER_NUMBER) for c in (registered(), access())]


def _until(ledger: Ledger, waiting: int) -> None:
    """Wait until so many of our backends wait for a lock."""
    asked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    for _ in range(10_000):
        row = ledger.owner.execute(asked.encode()).fetchone()
        if row and row[0] >= waiting:
            return
    pytest.fail("nobody waits")
