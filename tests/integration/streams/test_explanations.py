"""Three readers of one decision: patients learn nothing, reviewers what to do, engineers everything but who it is."""

import pytest

from recordgate_schemas.control import AccessDeclined, EntryHidden, HideCause
from recordgate_schemas.entry import Link, Relation, ThirdParty
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import EntryId
from recordgate_streams.inspection import explanations
from recordgate_streams.ledger.explanation import Explained, explain
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, RULESET, access, entry, registered
from tests.support.ledger import Ledger

TEXTS = RULESET.reasons
CHILD = EntryId("A82038/emis/child")


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A consultation about a third party, and its child; the patient has declined since."""
    child = entry(entry_id=CHILD, links=(Link(entry().entry_id, Relation.PART_OF),))
    ledger.say(registered(), access())
    ledger.publish(entry(third_party=ThirdParty.PRESENT), child)
    ledger.say(AccessDeclined())
    return ledger


def explained(ledger: Ledger, entry_id: EntryId) -> Explained:
    return explain(ledger.owner, entry_id)


def test_a_reviewer_reads_reasons_triggers_guidance_and_what_would_change_it(told: Ledger) -> None:
    text = "\n".join(explanations.for_reviewer(explained(told, entry().entry_id), TEXTS))
    assert text.startswith("self, version 1: NOT_ELIGIBLE. ")
    for part in ("THIRD_PARTY (asks for HELD)", "third_party present", "DECLINED (asks for"):
        assert part in text
    assert TEXTS.by_reason[next(r for r in TEXTS.by_reason if r == "DECLINED")].remedy in text


def test_an_engineer_reads_facts_positions_ruleset_and_timings(told: Ledger) -> None:
    text = "\n".join(explanations.for_engineer(explained(told, CHILD), RULESET.hash))
    for part in ("entries/0 offset 1", "control position 2", RULESET.hash, '"declined"'):
        assert part in text
    assert "affected by relatives: self LINKED HELD" in text
    assert "after the current version arrived: LINKED (HELD)" in text


def test_nobody_reads_whose_entry_it_is(told: Ledger) -> None:
    one = explained(told, entry().entry_id)
    lines = [*explanations.for_reviewer(one, TEXTS), *explanations.for_engineer(one, "r")]
    assert NHS_NUMBER.digits not in "\n".join(lines)
    assert NHS_NUMBER.digits not in repr(one)


def test_why_not_names_all_that_stands_and_what_would_be_left_without_each(told: Ledger) -> None:
    lines = list(explanations.why_not(explained(told, entry().entry_id), "self", TEXTS))
    assert lines[0] == (
        "self: NOT_ELIGIBLE, because of 2 of these; all must go before it is shown:"
    )
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["DECLINED", "THIRD_PARTY"]
    assert lines[1].endswith("Without it alone: HELD.")
    assert lines[2].endswith("Without it alone: NOT_ELIGIBLE.")


def test_why_not_of_what_is_shown_and_of_an_audience_that_is_none(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    one = explained(ledger, entry().entry_id)
    (shown,) = explanations.why_not(one, "self", TEXTS)
    (nobody,) = explanations.why_not(one, "proxy:g", TEXTS)
    assert "RELEASED" in shown
    assert "no grant" in nobody


def test_a_patient_is_told_the_same_whatever_there_is(told: Ledger) -> None:
    before = explanations.for_patient(TEXTS)
    told.say(EntryHidden(CHILD, (), HideCause.DO_NOT_DISPLAY))
    assert before == explanations.for_patient(TEXTS) == TEXTS.notice


def test_one_id_of_two_patients_is_explained_only_for_the_patient_who_is_named(
    told: Ledger,
) -> None:
    told.publish(entry(nhs_number=OTHER_NUMBER))
    with pytest.raises(UsageError, match="--of-patient") as refused:
        explain(told.owner, entry().entry_id)
    assert NHS_NUMBER.digits not in str(refused.value)
    one, other = (
        explain(told.owner, entry().entry_id, number) for number in (NHS_NUMBER, OTHER_NUMBER)
    )
    assert (one.control_position, other.control_position) == (2, -1)


def test_an_entry_nobody_has_is_said_to_be_none(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="no decision about that entry id"):
        explain(ledger.owner, EntryId("nobody/has/this"))
