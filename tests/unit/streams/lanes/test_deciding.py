"""What a lane publishes of the decisions it made: those that changed, and those that are forced."""

from collections.abc import Collection, Mapping
from unittest.mock import MagicMock

import pytest

from recordgate_schemas.values import EntryId
from recordgate_streams.decider.record import CurrentDecision, DecisionUpdate, EntryAudience
from recordgate_streams.lanes.decided import Cause
from recordgate_streams.lanes.deciding import decide_patients
from recordgate_streams.lanes.room import Room
from recordgate_streams.ledger.rows import Patient
from tests.support.builders import NHS_NUMBER, NOW, RULESET, accepted, entry, facts

InForce = Mapping[EntryAudience, CurrentDecision]
E0 = entry().entry_id


def changed(in_force: InForce, forced: Collection[EntryId] = ()) -> tuple[DecisionUpdate, ...]:
    """What is published when E0 is decided beside these decisions."""
    work = MagicMock(at=NOW)
    work.rules.ruleset = RULESET
    work.records.statements_of.return_value = {NHS_NUMBER: {}}
    work.records.entries.return_value = {}
    work.cascades.states.return_value = {NHS_NUMBER: {}}
    work.cascades.referring_to.return_value = set()
    work.decisions.in_force.return_value = {NHS_NUMBER: in_force}
    work.decisions.tasks.return_value = {NHS_NUMBER: set()}
    patients = {NHS_NUMBER: Patient(NHS_NUMBER, 0, facts(), 7)}
    causes = {NHS_NUMBER: Cause(NOW, forced)}
    (decided,) = decide_patients(
        work, patients, causes, {accepted().key: accepted()}, Room(entries=9, bytes=9)
    )
    return decided.changed


@pytest.mark.parametrize(
    ("forced", "published"),
    [((), False), ((EntryId("another"),), False), ((E0,), True)],
    ids=["not forced", "another is forced", "forced"],
)
def test_a_decision_that_did_not_change_is_published_again_only_when_forced(
    forced: Collection[EntryId], *, published: bool
) -> None:
    (first,) = changed({})
    in_force = {(E0, first.decision.audience): first.in_force()}
    assert bool(changed(in_force, forced)) is published
