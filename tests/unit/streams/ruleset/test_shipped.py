"""The shipped ruleset holds what the domain reference lists, and ships no content it may not ship."""

from typing import get_args

import pytest

from recordgate_schemas.entry import Kind
from recordgate_schemas.messages import Queue, TaskKind
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.values import OdsCode
from recordgate_streams import ruleset
from recordgate_streams.policy.settings import Ask, Signal, Treatment
from recordgate_streams.ruleset import describe
from recordgate_streams.ruleset.model import (
    NumberTable,
    QueueName,
    SignalName,
    SwitchTable,
    TaskName,
)
from recordgate_streams.ruleset.snomed import is_concept_id

SHIPPED = ruleset.current()
DATA = SHIPPED.data
LABELS = SHIPPED.settings.labels
RELEASE, HOLD, WITHHOLD = Ask.RELEASE, Ask.HOLD, Ask.WITHHOLD

ASKED = [
    *((code, RELEASE, RELEASE, Reason.CONF) for code in ("U", "L", "M", "N")),
    ("R", RELEASE, WITHHOLD, Reason.CONF),
    ("V", HOLD, WITHHOLD, Reason.CONF),
    *((code, HOLD, WITHHOLD, Reason.CONF) for code in ("C", "S", "T", "B", "D", "I")),
    ("SDV", HOLD, WITHHOLD, Reason.SAFEGUARDING),
    ("VIO", HOLD, WITHHOLD, Reason.SAFEGUARDING),
    *((code, RELEASE, WITHHOLD, Reason.PROXY_SENSITIVE) for code in ("SEX", "STD", "HIV", "MH")),
    ("PRS", RELEASE, WITHHOLD, Reason.SUBJECT_WISH),
    ("PHY", HOLD, WITHHOLD, Reason.ORIGINATOR),
    ("ORCON", HOLD, WITHHOLD, Reason.ORIGINATOR),
    ("HUAPRV", HOLD, HOLD, Reason.CONF),
    *((code, RELEASE, RELEASE, Reason.CONF) for code in ("NOSCRUB", "AUDIT", "PERSISTLABEL")),
    ("PROCESSINLINELABEL", RELEASE, RELEASE, Reason.CONF),
]


@pytest.mark.parametrize(("code", "of_self", "of_proxies", "reason"), ASKED)
def test_a_label_asks_what_the_reference_lists(
    code: str, of_self: Ask, of_proxies: Ask, reason: Reason
) -> None:
    assert Treatment(code, reason, of_self, of_proxies) == LABELS[code]


def test_nopat_is_in_no_table() -> None:
    assert "NOPAT" not in LABELS


@pytest.mark.parametrize("code", ["836881000000105", "375041000000100"])
def test_a_child_safeguarding_code_holds_for_the_child_and_withholds_from_proxies(
    code: str,
) -> None:
    """Golden rows 64, 65 and 82."""
    treatment = Treatment("child-safeguarding", Reason.SAFEGUARDING, HOLD, WITHHOLD)
    assert (treatment,) == SHIPPED.settings.codes[code]
    assert {Signal.CHILD_SAFEGUARDING} == SHIPPED.settings.signals[code]


def test_vulnerable_adults_are_kept_from_proxies_and_suspend_none() -> None:
    code = "417430008"
    assert [t.of_proxies for t in SHIPPED.settings.codes[code]] == [WITHHOLD]
    assert code not in SHIPPED.settings.signals


def test_an_access_code_signals_and_asks_nothing_of_its_entry() -> None:
    signals = {
        "1364731000000104": {Signal.REVIEW_104},
        "1364751000000106": {Signal.REVIEW_106},
        "1290331000000103": {Signal.DECLINED},
    }
    assert signals == {code: SHIPPED.settings.signals[code] for code in signals}
    assert set() == signals.keys() & SHIPPED.settings.codes.keys()


def test_sets_that_are_loaded_under_licence_are_shipped_empty() -> None:
    loaded = [one for one in DATA["code_sets"] if one["member_source"]]
    assert len(loaded) == 7
    assert [one["id"] for one in loaded if one["members"]] == []
    assert all(is_concept_id(one["member_source"]) for one in loaded)


def test_only_a_clinician_lifts_what_needs_a_clinician() -> None:
    assert SHIPPED.settings.clinician_reasons == {
        Reason.SAFEGUARDING,
        Reason.COURT,
        Reason.THIRD_PARTY,
        Reason.ORIGINATOR,
        Reason.PROXY_SENSITIVE,
        Reason.TEXT_HINT,
        Reason.OPINION_STALE,
        Reason.REVIEWED,
    }


def test_reasons_that_raise_work_without_a_hold() -> None:
    tasks = {reason: text.task for reason, text in SHIPPED.reasons.by_reason.items() if text.task}
    assert tasks == {
        Reason.S_FLAG: TaskKind.PRACTICE,
        Reason.UNDER_13: TaskKind.CONFIG,
        Reason.ACCESS_REVIEW: TaskKind.URGENT,
        Reason.PROXY_AGE: TaskKind.REVIEW,
        Reason.PR_CHANGE: TaskKind.URGENT,
        Reason.SAFEGUARDING: TaskKind.URGENT,
        Reason.OPINION_STALE: TaskKind.REVIEW,
        Reason.WRONG_PATIENT: TaskKind.INCIDENT,
        Reason.RULE_CHANGE: TaskKind.REVIEW,
    }


def test_what_needs_a_clinician_or_breaks_trust_is_released_one_by_one() -> None:
    bulk = {reason for reason, text in SHIPPED.reasons.by_reason.items() if text.bulk_release}
    assert bulk
    assert set() == bulk & (SHIPPED.settings.clinician_reasons | INTEGRITY)


def test_hiding_is_offered_first_for_safeguarding_alone() -> None:
    first = {reason for reason, text in SHIPPED.reasons.by_reason.items() if text.hide_first}
    assert first == {Reason.SAFEGUARDING}


def test_every_integrity_hold_has_a_queue() -> None:
    queues = {reason: SHIPPED.reasons[reason].queue for reason in INTEGRITY}
    assert queues.pop(Reason.WRONG_PATIENT) is Queue.PRACTICE
    assert set(queues.values()) == {Queue.SYSTEM}


def test_a_shipped_switch_and_number_has_its_default() -> None:
    assert DATA["switches"] == SwitchTable().model_dump()
    assert DATA["numbers"] == NumberTable().model_dump()


@pytest.mark.parametrize("name", SwitchTable.model_fields)
def test_a_switch_names_its_choices_and_its_golden_row(name: str) -> None:
    text = describe.meaning("switches", name)
    assert all(choice in text for choice in describe.choices(name)[:1])
    assert "ow" in text
    assert "[" in text


@pytest.mark.parametrize("name", NumberTable.model_fields)
def test_a_number_names_its_golden_row(name: str) -> None:
    assert "Row " in describe.meaning("numbers", name)


def test_no_text_for_patients_names_a_reason_to_hide() -> None:
    hidden = ("hidden", "withheld", "held", "removed", "restricted", "safeguarding")
    assert [word for word in hidden if word in SHIPPED.reasons.notice.lower()] == []


def test_every_outcome_is_explained() -> None:
    assert set(Outcome) == set(SHIPPED.reasons.outcomes)


def test_a_practice_without_choices_of_its_own_goes_live_with_everybody() -> None:
    found = ruleset.from_data(
        {"practices": {"A82038": {"go_live": "2022-11-01", "areas_off": ["document"]}}}
    ).settings
    assert found.practice(OdsCode("A82038")).areas_off == {Kind.DOCUMENT}
    assert found.practice(OdsCode("B81001")) == SHIPPED.settings.everywhere


def test_the_names_in_the_files_are_those_of_the_messages_and_the_policy() -> None:
    assert set(get_args(QueueName)) == {*Queue, "none"}
    assert set(get_args(TaskName)) == {*TaskKind, ""}
    assert set(get_args(SignalName)) == {*Signal, ""}
