"""A rehearsal says what would become of whom, names nobody, writes nothing, and is kept as it was made."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from recordgate_schemas.control import Change as ControlChange
from recordgate_schemas.control import Level
from recordgate_schemas.entry import (
    ClinicalEntry,
    Coding,
    Element,
    ElementKind,
    Link,
    Relation,
    ThirdParty,
)
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.cli.rollout_text import report_lines
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.rollout.activation import read_rehearsal
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Report, report_data
from recordgate_streams.rollout.run import Part, former_document
from tests.support.builders import (
    OTHER_PRACTICE,
    PRACTICE,
    RECORDED,
    RULESET,
    access,
    control,
    entry,
    granted,
    hidden,
    registered,
    reviewed,
)
from tests.support.ledger import TABLES, Ledger
from tests.support.replay import patient
from tests.support.rules import CODE, Rules, with_code_set, with_number, with_switch

CODED = (Coding("http://snomed.info/sct", CODE),)


@pytest.fixture
def rules(ledger: Ledger, tmp_path: Path) -> Iterator[Rules]:
    opened = Rules(ledger, tmp_path)
    yield opened
    opened.close()


def named(name: str, **overrides: object) -> ClinicalEntry:
    return entry(entry_id=EntryId(name), **overrides)


def found(report: Report) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(count.change.name, count.key): count.examples for count in report.by_reason}


def of(number: NhsNumber, *changes: ControlChange) -> list[object]:
    return [replace(control(change), nhs_number=number) for change in changes]


def test_a_new_code_set_names_the_victim_and_leaves_the_survivor(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(registered(), access())
    ledger.publish(named("victim", codes=CODED), named("survivor"))

    report = rules.rehearse(with_code_set(CODE, reason="COURT"))

    assert found(report) == {
        ("DISAPPEARS", "COURT"): ("victim",),
        ("JOINS_QUEUE", "COURT"): ("victim",),
    }
    assert (report.decisions, report.released) == (2, 2)
    assert report.totals[Change.DISAPPEARS].share == 0.5
    assert {(c.change.name, c.key, c.n) for c in report.by_practice} == {
        ("DISAPPEARS", PRACTICE, 1),
        ("JOINS_QUEUE", PRACTICE, 1),
    }


def test_what_a_relative_would_reveal_goes_with_it(ledger: Ledger, rules: Rules) -> None:
    ledger.say(registered(), access())
    link = (Link(EntryId("victim"), Relation.PART_OF),)
    ledger.publish(named("victim", codes=CODED), named("part", links=link), named("survivor"))

    report = rules.rehearse(with_code_set(CODE, reason="COURT", self="withhold"))

    assert found(report) == {("DISAPPEARS", "COURT"): ("part", "victim")}


def test_a_signal_that_a_new_set_finds_takes_the_proxy_and_leaves_the_patient(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(
        registered(), access(), control(granted(), effective_at=RECORDED - timedelta(days=1))
    )
    ledger.publish(named("said", codes=CODED), named("other"))
    quiet = {"self": "release", "proxy": "release"}

    report = rules.rehearse(with_code_set(CODE, reason="PR_CHANGE", signal="parental", **quiet))

    assert found(report) == {("DISAPPEARS", "PR_CHANGE"): ("other", "said")}
    assert report.totals[Change.DISAPPEARS].n == 2


def test_a_switch_that_lets_go_names_what_appears(ledger: Ledger, rules: Rules) -> None:
    ledger.say(registered(), access())
    before_the_start = registered().registered_on
    ledger.publish(named("backdated", event_date=before_the_start), named("other"))

    report = rules.rehearse(with_switch("backdated", "release"))

    assert found(report) == {
        ("APPEARS", "BACKDATED"): ("backdated",),
        ("LEAVES_QUEUE", "BACKDATED"): ("backdated",),
    }


def test_an_entry_shown_without_a_reference_to_the_victim_is_shown_otherwise(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(registered(), access())
    body = b'{"resourceType":"List","entry":[{"item":{"reference":"x"}}]}'
    pointer = (Element(ElementKind.CHILD, "/entry/0", EntryId("victim")),)
    ledger.publish(named("victim", codes=CODED))
    ledger.publish(named("list", body=body, elements=pointer), named("other"))
    assert ledger.view() == {"victim": 1, "list": 1, "other": 1}

    report = rules.rehearse(with_code_set(CODE, reason="COURT", self="withhold"))

    assert found(report)["SHOWN_OTHERWISE", "POINTERS_DROPPED"] == ("list",)
    assert report.totals[Change.SHOWN_OTHERWISE].n == 1


def test_a_proxy_shown_the_same_until_another_day_is_not_shown_otherwise(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(registered(), access(), granted())
    ledger.publish(entry())

    report = rules.rehearse(with_number("proxy_unused_years", 4))

    assert found(report) == {}


@pytest.mark.parametrize(
    ("left_out", "outcome"),
    [((), "RELEASED"), ((ElementKind.FREE_TEXT,), "RELEASED_REDACTED")],
)
def test_a_review_that_lifted_everything_and_would_not_any_more_is_reported(
    ledger: Ledger, rules: Rules, left_out: tuple[ElementKind, ...], outcome: str
) -> None:
    note = Element(ElementKind.FREE_TEXT, "/note")
    ledger.say(registered(), access())
    held = entry(third_party=ThirdParty.PRESENT, codes=CODED, elements=(note,))
    ledger.publish(held, named("other"))
    ledger.say(reviewed("THIRD_PARTY", leave_out=left_out))
    assert ledger.outcome(entry().entry_id) == (outcome, "REVIEWED")

    report = rules.rehearse(with_code_set(CODE, reason="COURT"))

    assert found(report)["REVIEW_LOST", "COURT"] == (entry().entry_id,)
    assert report.totals[Change.REVIEW_LOST].n == 1


def test_hints_are_looked_for_in_bodies_only_when_the_switch_says_so(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(registered(), access())
    phrase = RULESET.settings.hint_phrases[0] if RULESET.settings.hint_phrases else "do not tell"
    body = json.dumps({"resourceType": "Encounter", "text": phrase}).encode()
    ledger.publish(named("hinting", body=body), named("plain"))

    assert found(rules.rehearse(with_switch("text_hints", value=False))) == {}
    report = rules.rehearse(with_switch("text_hints", value=True))
    assert found(report)["DISAPPEARS", "TEXT_HINT"] == ("hinting",)


def test_the_ruleset_in_force_changes_nothing(ledger: Ledger, rules: Rules) -> None:
    ledger.say(registered(), access(Level.DETAILED), granted(), hidden())
    ledger.publish(entry(), named("other"), named("third", third_party=ThirdParty.PRESENT))

    assert found(rules.rehearse(RULESET)) == {}


def test_a_rehearsal_writes_nothing(ledger: Ledger, rules: Rules) -> None:
    ledger.say(registered(), access())
    ledger.publish(named("victim", codes=CODED))
    before, sent = _everything(ledger), len(ledger.broker.sent)

    rules.rehearse(with_code_set(CODE))

    assert _everything(ledger) == before
    assert len(ledger.broker.sent) == sent


def test_the_role_that_rehearses_may_write_nothing(rules: Rules) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rules.reader_db.execute("update active_ruleset set generation = 7")


def test_a_report_holds_entry_ids_and_no_nhs_number_and_at_most_ten_examples(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(registered(), access())
    ledger.publish(*(named(f"e{n:02}", codes=CODED) for n in range(12)))

    report = rules.rehearse(with_code_set(CODE, reason="COURT"))
    text = json.dumps(report_data(report)) + "\n".join(report_lines(report))

    assert report.totals[Change.DISAPPEARS].n == 12
    assert found(report)["DISAPPEARS", "COURT"] == tuple(f"e{n:02}" for n in range(10))
    assert entry().nhs_number.digits not in text
    assert "e00" in text


def _many(ledger: Ledger, patients: int, coded: int) -> None:
    """So many patients with two entries each; one entry of the first ones is coded."""
    for place in range(patients):
        number = patient(place)
        ledger.say(*of(number, registered(), access()))  # type: ignore[arg-type]
        codes = CODED if place < coded else ()
        ledger.publish(
            named(f"p{place}/a", nhs_number=number, codes=codes),
            named(f"p{place}/b", nhs_number=number),
        )


def test_a_sample_is_of_the_size_asked_for_the_same_for_a_seed_and_says_its_error(
    ledger: Ledger, rules: Rules
) -> None:
    _many(ledger, patients=12, coded=6)
    new = with_code_set(CODE, reason="COURT")

    first, again, other = (rules.rehearse(new, Part(6, seed)) for seed in ("1", "1", "3"))
    whole = rules.rehearse(new, Part(100))

    assert (first.scope.patients, first.scope.known, first.released) == (6, 12, 12)
    assert first == again
    assert found(first) != found(other)
    assert first.totals[Change.DISAPPEARS].error > 0
    assert whole.totals[Change.DISAPPEARS].n == 6
    assert whole.totals[Change.DISAPPEARS].error == 0


def test_a_sample_in_which_nothing_is_seen_still_has_an_error(ledger: Ledger, rules: Rules) -> None:
    _many(ledger, patients=4, coded=0)

    report = rules.rehearse(with_code_set(CODE), Part(3))

    assert report.totals[Change.DISAPPEARS].n == 0
    assert report.totals[Change.DISAPPEARS].error == 1.0


def test_a_practice_has_its_patients_looked_at_and_no_others(ledger: Ledger, rules: Rules) -> None:
    _many(ledger, patients=2, coded=2)
    elsewhere = replace(registered(), practice=OTHER_PRACTICE)
    ledger.say(*of(patient(5), elsewhere, access(practice=OTHER_PRACTICE)))  # type: ignore[arg-type]
    ledger.publish(
        named("there", nhs_number=patient(5), codes=CODED, practice=OTHER_PRACTICE),
    )

    report = rules.rehearse(with_code_set(CODE, reason="COURT"), Part(practice=OTHER_PRACTICE))

    assert found(report)["DISAPPEARS", "COURT"] == ("there",)
    assert report.scope.patients == 1


def test_patients_are_read_page_by_page_and_none_is_missed(ledger: Ledger, rules: Rules) -> None:
    _many(ledger, patients=7, coded=7)
    rules.reader = RolloutStore(rules.reader_db, page_patients=3)
    new = with_code_set(CODE)

    assert rules.rehearse(new).totals[Change.DISAPPEARS].n == 7
    assert rules.rehearse(new, Part(5)).decisions == 10


def test_a_kept_rehearsal_is_found_and_a_changed_one_refused(ledger: Ledger, rules: Rules) -> None:
    ledger.say(registered(), access())
    ledger.publish(named("victim", codes=CODED))
    new = with_code_set(CODE)
    name = rules.save(new)

    kept = read_rehearsal(rules.keeper, name)
    assert kept.report == rules.rehearse(new)
    assert kept.document == new.data
    assert rules.save(new) == name

    ledger.owner.execute(
        "update rehearsal set report = jsonb_set(report, '{totals,disappears,n}', '0')"
    )
    with pytest.raises(Refused, match="was changed after it was made"):
        read_rehearsal(rules.keeper, name)


def test_rules_of_another_program_cannot_be_rehearsed(ledger: Ledger, rules: Rules) -> None:
    ledger.say(registered())

    with pytest.raises(UsageError, match="other rule code"):
        rules.rehearse(replace(RULESET, engine="another"))


def test_a_ruleset_in_force_that_this_program_cannot_run_counts_every_doubt(
    ledger: Ledger, rules: Rules
) -> None:
    ledger.say(registered(), access(), granted())
    ledger.publish(entry())
    ledger.owner.execute(
        """update active_ruleset set document = document || '{"engine": "another"}'"""
    )

    report = rules.rehearse(with_number("proxy_unused_years", 4))

    assert found(report) == {("SHOWN_OTHERWISE", "-"): (entry().entry_id,)}


def test_an_empty_ledger_has_nothing_to_compare_with(ledger: Ledger, rules: Rules) -> None:
    ledger.owner.execute("truncate active_ruleset")

    with pytest.raises(UsageError, match="nothing was decided yet"):
        rules.rehearse(RULESET)
    with pytest.raises(UsageError, match="nothing was in force before"):
        former_document(rules.reader)


def _everything(ledger: Ledger) -> dict[str, object]:
    tables = [
        table.strip()
        for table in f"{TABLES}, rehearsal, signed_approval, activation, approver_change".split(",")
    ]
    return {
        table: ledger.owner.execute(f"select to_jsonb(t) from {table} t".encode()).fetchall()
        for table in tables
    }
