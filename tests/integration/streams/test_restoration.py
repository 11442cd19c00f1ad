"""How the controls lane brings a new incarnation to its readers: each step in its order, and bounded."""

from collections.abc import Sequence

from recordgate_schemas.entry import Kind
from recordgate_schemas.messages import HoldOpened, IncarnationMessage, Release
from recordgate_schemas.values import EntryId
from recordgate_streams.lanes.restoration import begin
from recordgate_streams.ledger.incarnations import IncarnationStore
from tests.support.builders import NOW, access, entry, registered
from tests.support.ledger import PARTITION, Ledger


def begin_next(ledger: Ledger) -> int:
    """Let an operator say restore, in the ledger alone."""
    ledger.broker.sent.clear()
    return IncarnationStore(ledger.owner).begin_next((), 1, NOW)


def test_the_ends_are_asked_for_only_after_the_start_message_is_acknowledged(
    ledger: Ledger,
) -> None:
    number = begin_next(ledger)
    published: list[int] = []

    def ends(partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        published.extend(m.incarnation for m in ledger.broker.notices("released"))
        return dict.fromkeys(partitions, (0, 0))

    begin(ledger.controls._ledger, [PARTITION], ends)
    assert published == [number]


def test_everything_is_published_again_between_the_start_and_the_open_message(
    ledger: Ledger,
) -> None:
    ledger.page_entries = 2
    ledger.restart()
    ledger.say(registered(), access())
    ledger.publish(*(entry(entry_id=EntryId(f"e{n}")) for n in range(5)))
    ledger.publish(entry(entry_id=EntryId("held"), kind=Kind.UNKNOWN))
    number = begin_next(ledger)
    ledger.restart()
    ledger.controls.tick([PARTITION])
    messages = ledger.broker.every("released")
    assert {m.incarnation for m in messages} == {number}
    assert [m.sequence for m in messages] == list(range(len(messages)))
    assert isinstance(messages[0], IncarnationMessage)
    assert isinstance(messages[-1], IncarnationMessage)
    shown = [m.change.entry_id for m in messages[1:-1] if isinstance(m.change, Release)]
    assert sorted(shown) == [f"e{n}" for n in range(5)]
    held = ledger.broker.messages("held")
    assert [m.change.entry_id for m in held if isinstance(m.change, HoldOpened)] == ["held"]


def test_a_partition_opens_only_when_both_lanes_have_read_to_the_ends(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    begin_next(ledger)
    ledger.ends = (1, 2)
    ledger.restart()
    ledger.controls.tick([PARTITION])
    assert ledger.phase() == "catching_up"
    ledger.publish(entry())
    ledger.controls.tick([PARTITION])
    assert ledger.phase() == "open"
