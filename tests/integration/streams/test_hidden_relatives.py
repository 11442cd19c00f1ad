"""What a hide does to relatives is in the view before any of them is readable: both lanes, the gate, the view sink."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_deploy.embedded import Addresses
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.record import Record
from recordgate_schemas.control import Change, EntryHidden, HideCause, ReviewAction, ReviewGround
from recordgate_schemas.entry import (
    ClinicalEntry,
    Element,
    ElementKind,
    Kind,
    Link,
    Readiness,
    Relation,
    SourceVersion,
)
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.lanes.controls import ControlsLane
from tests.support.builders import (
    NHS_NUMBER,
    OTHER_NUMBER,
    access,
    control,
    entry,
    registered,
    reviewed,
)
from tests.support.clock import FrozenClock
from tests.support.consumers import NOW, apply
from tests.support.ledger import PARTITION, Ledger
from tests.support.view import ViewDatabase

PARENT, ASIDE = EntryId("parent"), EntryId("aside")
HIDE = EntryHidden(PARENT, (), HideCause.NOPAT)
WITHHOLD = reviewed(
    action=ReviewAction.WITHHOLD,
    entry_id=PARENT,
    ground=ReviewGround.SERIOUS_HARM,
    clinician_opinion_on=date(2025, 6, 2),
)


class FoldsOnly(ControlsLane):
    """A controls lane that dies, or is slow, between the transaction that folds and the one that decides again."""

    def _redecide(self, partitions: Sequence[int]) -> None:
        """Not yet."""


class Both:
    """Ledger and view; what the lanes publish reaches the view at once."""

    def __init__(self, ledger: Ledger, view: ViewDatabase) -> None:
        self.ledger, self.view = ledger, view
        self._shown = 0

    def say(self, lane: ControlsLane, change: Change, who: NhsNumber = NHS_NUMBER) -> None:
        record = self.ledger.record(CONTROLS, control(change, nhs_number=who))
        apply(self.view.gate, GateLane(FrozenClock(NOW)), CONTROLS, [record])
        lane.process_batch([record])
        self.sync()

    def publish(self, *entries: ClinicalEntry) -> None:
        self.ledger.publish(*entries)
        self.sync()

    def sync(self) -> None:
        """Let the view sink apply what was published since."""
        sent = [m for m in self.ledger.broker.sent if m.topic == RELEASED.name]
        records = [
            Record(RELEASED.name, PARTITION, n, 0, m.key, m.value)
            for n, m in enumerate(sent)
            if n >= self._shown
        ]
        if records:
            apply(self.view.sink, ViewSink(FrozenClock(NOW)), RELEASED, records)
        self._shown = len(sent)

    def reads(self, who: NhsNumber = NHS_NUMBER) -> int:
        return len(self.view.visible(who))


@pytest.fixture
def both(ledger: Ledger, services: Addresses) -> Iterator[Both]:
    migrate(services.view_dsn, migrations("recordgate_consumers", "migrations/view"))
    with ViewDatabase(services.view_dsn) as view:
        view.empty()
        (number,) = ledger.owner.execute("select max(number) from incarnation").fetchone() or (0,)
        view.owner.execute("update message_partition set incarnation = %s", (number,))
        opened = Both(ledger, view)
        for who in (NHS_NUMBER, OTHER_NUMBER):
            opened.say(ledger.controls, registered(), who)
            opened.say(ledger.controls, access(), who)
        opened.publish(
            entry(entry_id=PARENT, kind=Kind.CONSULTATION),
            entry(entry_id=ASIDE),
            entry(entry_id=ASIDE, nhs_number=OTHER_NUMBER),
        )
        assert (opened.reads(), opened.reads(OTHER_NUMBER)) == (2, 1)
        yield opened


def part_of(parent: str, name: str) -> ClinicalEntry:
    link = Link(EntryId(parent), Relation.PART_OF)
    return entry(entry_id=EntryId(name), links=(link,), kind=Kind.CONSULTATION)


def folding(ledger: Ledger) -> FoldsOnly:
    lane = ledger.controls
    return FoldsOnly(lane._ledger, ledger.settings(), lane._ends)


@pytest.mark.parametrize("change", [HIDE, WITHHOLD], ids=["hide", "withholding"])
@pytest.mark.parametrize("generations", [1, 2, 3])
def test_a_relative_that_arrives_between_a_control_and_the_redecision_is_never_readable(
    both: Both, change: Change, generations: int
) -> None:
    between = [f"g{n}" for n in range(1, generations)]
    for parent, name in zip([PARENT, *between], between, strict=False):
        both.publish(part_of(parent, name))
    assert both.reads() == 1 + generations
    both.say(folding(both.ledger), change)
    both.publish(part_of([PARENT, *between][-1], "child"))
    assert (both.reads(), both.reads(OTHER_NUMBER)) == (0, 1)
    both.ledger.controls.resume([PARTITION])
    both.sync()
    assert (both.reads(), both.reads(OTHER_NUMBER)) == (1, 1)


def test_a_child_that_is_shown_already_goes_with_its_parents_hide(both: Both) -> None:
    both.publish(part_of(PARENT, "child"))
    assert both.reads() == 3
    both.say(folding(both.ledger), HIDE)
    assert (both.reads(), both.reads(OTHER_NUMBER)) == (0, 1)
    both.ledger.controls.resume([PARTITION])
    both.sync()
    assert (both.reads(), both.reads(OTHER_NUMBER)) == (1, 1)


def test_an_entry_that_arrives_during_a_redecision_is_readable_after_it(both: Both) -> None:
    both.say(folding(both.ledger), HIDE)
    both.publish(entry(entry_id=EntryId("new")))
    assert both.reads() == 0
    both.ledger.controls.resume([PARTITION])
    both.sync()
    assert both.reads() == 2


def naming(*names: str) -> ClinicalEntry:
    """A filed report that alone says which results it has."""
    elements = tuple(
        Element(ElementKind.CHILD, f"/result/{place}", EntryId(name))
        for place, name in enumerate(names)
    )
    return entry(
        entry_id=EntryId("report"),
        kind=Kind.REPORT,
        readiness=Readiness.FILED,
        elements=elements,
        body=b'{"resourceType":"DiagnosticReport","result":[{"display":"x"},{"display":"y"}]}',
    )


def result(name: str, readiness: Readiness = Readiness.FILED) -> ClinicalEntry:
    return entry(entry_id=EntryId(name), kind=Kind.TEST_RESULT, readiness=readiness)


def test_a_result_that_only_its_report_names_is_never_readable_after_the_reports_hide(
    both: Both,
) -> None:
    both.publish(naming("x", "y"), result("x"))
    assert both.reads() == 4
    both.say(folding(both.ledger), EntryHidden(EntryId("report"), (), HideCause.NOPAT))
    both.publish(result("y"))
    assert (both.reads(), both.reads(OTHER_NUMBER)) == (0, 1)
    both.ledger.controls.resume([PARTITION])
    both.sync()
    assert both.reads() == 2


def test_a_report_goes_with_the_hide_of_a_result_that_only_it_names(both: Both) -> None:
    both.publish(naming("x"))
    assert both.reads() == 3
    both.say(both.ledger.controls, EntryHidden(EntryId("x"), (), HideCause.NOPAT))
    assert both.reads() == 2
    both.publish(result("x"))
    assert both.reads() == 2


def test_a_report_waits_for_a_result_that_comes_later_and_comes_back_with_it(both: Both) -> None:
    both.publish(naming("x", "y"), result("y"))
    assert both.reads() == 4
    both.publish(result("x", Readiness.UNFILED))
    assert both.reads() == 2
    both.publish(replace(result("x"), version=2))
    assert both.reads() == 5


def test_a_label_taken_off_at_the_source_opens_the_entry_and_its_children_again(both: Both) -> None:
    both.publish(part_of(PARENT, "child"))
    version = SourceVersion(entry().practice, entry().system, 2)
    both.say(both.ledger.controls, EntryHidden(PARENT, (), HideCause.NOPAT, version))
    assert both.reads() == 1
    both.publish(entry(entry_id=PARENT, version=2))
    assert both.reads() == 1
    both.publish(entry(entry_id=PARENT, version=3))
    assert both.reads() == 3
