"""What the outbox keeps, and what of it is published after a lane died between its commit and the confirmation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from recordgate_schemas import codec
from recordgate_schemas.control import AccessDeclined, Level, ProxyEnded
from recordgate_schemas.entry import Element, ElementKind, ThirdParty
from recordgate_schemas.messages import (
    HoldClosed,
    HoldOpened,
    Redecided,
    Release,
    Retract,
)
from recordgate_schemas.topics import BY_NAME, ENTRIES
from recordgate_schemas.values import SELF, EntryId
from recordgate_streams.ledger.outgoing import REPLACED
from tests.support.builders import (
    GRANT,
    NHS_NUMBER,
    NOW,
    PARTNER,
    access,
    control,
    entry,
    granted,
    hidden,
    registered,
    shown,
)
from tests.support.ledger import Crash, Ledger

Sent = dict[tuple[str, int], bytes]
"""What was published, by topic and number."""

HELD_ENTRY = entry(entry_id=EntryId("held"), third_party=ThirdParty.PRESENT)
NOTED = entry(entry_id=EntryId("noted"), elements=(Element(ElementKind.FREE_TEXT, "/note"),))
SEEN = b"Seen today"


@contextmanager
def unconfirmed(ledger: Ledger) -> Iterator[Sent]:
    """The lane that works in here dies after its commit: everything was sent, nothing confirmed."""
    found: Sent = {}
    already = len(ledger.broker.sent)
    ledger.broker.confirms = False
    with pytest.raises(Crash):
        yield found
    ledger.broker.confirms = True
    found |= by_number(ledger, already)
    assert found


def by_number(ledger: Ledger, since: int) -> Sent:
    return {(m.topic, m.sequence): m.value for m in ledger.broker.sent[since:]}


def sent_again(ledger: Ledger, resume: Callable[[], object] | None = None) -> Sent:
    """What a new start of the entries lane publishes, unless another is given."""
    already = len(ledger.broker.sent)
    (resume or (lambda: ledger.entries_lane().resume([0])))()
    return by_number(ledger, already)


def changes(sent: Sent, topic: str = "released") -> list[object]:
    found = [
        codec.decode(BY_NAME[name], value)
        for (name, _), value in sorted(sent.items())
        if name == topic
    ]
    return [message.change for message in found]


def open_record(ledger: Ledger, level: Level = Level.FULL) -> None:
    ledger.say(registered(), access(level))


def left(ledger: Ledger) -> int:
    [(count,)] = ledger.owner.execute("select count(*) from outbox").fetchall()
    return int(count)


# ---- what is not replaced is published again as it was


def test_every_kind_of_message_is_published_again_byte_for_byte(ledger: Ledger) -> None:
    open_record(ledger, Level.DETAILED)
    junk = ledger.raw(ENTRIES, b"junk", NHS_NUMBER.digits.encode())
    batch = [ledger.record(ENTRIES, one) for one in (entry(), NOTED, HELD_ENTRY)]
    with unconfirmed(ledger) as sent:
        ledger.entries.process_batch([junk, *batch])
    assert {topic for topic, _ in sent} == {"released", "held", "receipts", "quarantined"}
    plain, redacted = changes(sent)
    assert isinstance(plain, Release)
    assert isinstance(redacted, Release)
    assert (plain.redacted, redacted.redacted) == (False, True)
    assert SEEN in plain.body
    assert SEEN not in redacted.body
    assert any(
        isinstance(change, HoldOpened) and SEEN in change.body for change in changes(sent, "held")
    )

    assert sent_again(ledger) == sent
    assert sent_again(ledger) == {}


def test_markers_retractions_and_closings_are_published_again_as_they_were(ledger: Ledger) -> None:
    open_record(ledger)
    ledger.publish(entry(), HELD_ENTRY)
    ledger.page_entries = 1
    ledger.restart()
    with unconfirmed(ledger) as first:
        ledger.say(AccessDeclined())
    with unconfirmed(ledger) as rest:
        ledger.controls = ledger.controls_lane()
        ledger.controls._redecide([0])

    again = sent_again(ledger, lambda: ledger.controls_lane().resume([0]))
    assert again.items() >= (first | rest).items()
    assert {type(change) for change in changes(first | rest)} >= {Retract}
    assert Redecided in {type(message.change) for message in ledger.broker.messages()}
    assert HoldClosed in {type(message.change) for message in ledger.broker.messages("held")}


def test_a_decision_made_anew_without_a_number_replaces_nothing(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as sent:
        ledger.publish(entry())
    ledger.say(access(), registered())
    assert sent_again(ledger) == sent


def test_a_new_ruleset_or_clock_changes_nothing_of_what_was_decided(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as sent:
        ledger.publish(entry(), HELD_ENTRY)
    ledger.owner.execute("update active_ruleset set generation = generation + 1")
    ledger.owner.execute("update entry set generation = generation + 1")
    assert sent_again(ledger) == sent


# ---- what was replaced is filled


def test_a_release_that_the_other_lane_replaced_is_filled_with_a_retraction(ledger: Ledger) -> None:
    """The victim is hidden while the entries lane is down; the survivor of the same batch comes as it was."""
    open_record(ledger)
    survivor = entry(entry_id=EntryId("survivor"))
    with unconfirmed(ledger) as sent:
        ledger.publish(entry(), survivor)
    ledger.say(hidden())

    again = sent_again(ledger)
    assert again.keys() == sent.keys()
    filled, kept = changes(again)
    assert filled == Retract(SELF, entry().entry_id)
    assert kept == changes(sent)[1]
    assert {key for key in sent if again[key] != sent[key]} == {("released", 0 + _first(sent))}
    assert ledger.view() == {"survivor": 1}


def _first(sent: Sent) -> int:
    return min(number for topic, number in sent if topic == "released")


def test_a_filler_vouches_for_nothing(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as sent:
        ledger.publish(entry())
    ledger.say(hidden())
    [before] = [
        codec.decode(BY_NAME["released"], v) for (t, _), v in sent.items() if t == "released"
    ]
    [after] = [
        codec.decode(BY_NAME["released"], v)
        for (t, _), v in sent_again(ledger).items()
        if t == "released"
    ]
    assert (before.decided_under, after.decided_under) == (1, -1)
    assert (after.nhs_number, after.sequence) == (before.nhs_number, before.sequence)


def test_an_amended_entry_fills_the_old_number_and_keeps_the_new_one(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as first:
        ledger.publish(entry(), HELD_ENTRY)
    newer = [entry(version=2, body=b'{"id":"e0"}'), entry(entry_id=EntryId("held"), version=2)]
    with unconfirmed(ledger) as second:
        ledger.entries = ledger.entries_lane()  # another owner, before it has resumed
        ledger.publish(*newer)

    again = sent_again(ledger)
    assert {key: again[key] for key in second} == second
    old = {key: again[key] for key in first}
    assert changes(old) == [Retract(SELF, entry().entry_id)]
    assert changes(old, "held") == [HoldClosed(SELF, EntryId("held"), REPLACED)]
    assert ledger.view() == {entry().entry_id: 2, "held": 2}


def test_an_entry_released_again_with_the_same_content_may_come_as_it_was(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as sent:
        ledger.publish(entry())
    ledger.say(hidden())
    ledger.say(control(shown(), effective_at=NOW))
    assert changes(sent_again(ledger)) == changes(sent)
    assert ledger.view() in ({}, {entry().entry_id: 1})


def test_a_former_proxy_is_not_sent_the_newer_version_under_an_old_number(ledger: Ledger) -> None:
    """The decision for the ended grant stays in force with its old version, while the entry moves on."""
    ledger.say(registered(), access(), granted())
    with unconfirmed(ledger) as sent:
        ledger.publish(entry())
    assert PARTNER in {c.audience for c in changes(sent) if isinstance(c, Release)}
    ledger.say(ProxyEnded(GRANT))
    ledger.entries = ledger.entries_lane()
    ledger.publish(entry(version=2, body=b'{"id":"secret"}'))
    again = changes(sent_again(ledger))
    assert Retract(PARTNER, entry().entry_id) in again
    assert not any(isinstance(c, Release) and b"secret" in c.body for c in again[:2])


@pytest.mark.parametrize("what", ["delete from entry", "update entry set digest = 'x'"])
def test_a_body_that_is_not_there_any_more_is_retracted(ledger: Ledger, what: str) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as sent:
        ledger.publish(entry(), HELD_ENTRY)
    ledger.owner.execute(what.encode())
    again = sent_again(ledger)
    assert again.keys() == sent.keys()
    assert changes(again) == [Retract(SELF, entry().entry_id)]
    assert changes(again, "held") == [HoldClosed(SELF, EntryId("held"), REPLACED)]


@pytest.mark.parametrize("other", [{"version": 2}, {"body_sha256": b"another"}])
def test_an_entry_that_is_not_the_one_decided_on_is_retracted(
    ledger: Ledger, other: dict[str, Any]
) -> None:
    """Whatever the digest of the decision says."""
    open_record(ledger)
    with unconfirmed(ledger):
        ledger.publish(entry())
    envelope = codec.encode(ENTRIES, entry(body=b"", **other))
    ledger.owner.execute("update entry set envelope = %s", (envelope,))
    assert changes(sent_again(ledger)) == [Retract(SELF, entry().entry_id)]


def test_a_body_that_cannot_be_redacted_is_retracted_and_reported(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    open_record(ledger, Level.DETAILED)
    with unconfirmed(ledger):
        ledger.publish(NOTED, entry())
    ledger.owner.execute("update entry set body = 'no JSON' where entry_id = 'noted'")
    gone, kept = changes(sent_again(ledger))
    assert gone == Retract(SELF, NOTED.entry_id)
    assert isinstance(kept, Release)
    assert '"FILLED"' in capsys.readouterr().err


# ---- two lanes


def test_each_lane_publishes_again_what_it_committed_itself(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as by_entries:
        ledger.publish(entry())
    with unconfirmed(ledger) as by_controls:
        ledger.say(AccessDeclined())

    controls = sent_again(ledger, lambda: ledger.controls_lane().resume([0]))
    assert controls.items() >= by_controls.items()
    assert not controls.keys() & by_entries.keys()
    entries = sent_again(ledger, lambda: ledger.entries_lane().resume([0]))
    assert entries.keys() == by_entries.keys()
    assert changes(entries) == [Retract(SELF, entry().entry_id)]


def test_a_lane_publishes_the_partitions_that_it_is_given(ledger: Ledger) -> None:
    open_record(ledger)
    with unconfirmed(ledger) as sent:
        ledger.publish(entry())
    assert sent_again(ledger, lambda: ledger.entries_lane().resume([1, 2])) == {}
    assert sent_again(ledger, lambda: ledger.entries_lane().resume([0, 1])) == sent


# ---- what is kept, and for how long


def test_no_body_is_kept_twice(ledger: Ledger) -> None:
    open_record(ledger)
    large = [
        entry(entry_id=EntryId(f"e{n}"), body=b'{"id":"' + b"x" * 10_000 + b'"}') for n in range(50)
    ]
    with unconfirmed(ledger):
        ledger.publish(*large)
    [(rows, size)] = ledger.owner.execute(
        "select count(*), sum(length(array_to_string(messages, ''))) / 2 from outbox"
        " where topic = 'released' and lane = 'entries'"
    ).fetchall()
    assert rows == 1
    assert size < 50 * 400


@pytest.mark.parametrize("end", ["tick", "stop"])
def test_what_was_confirmed_is_forgotten_when_idle_and_at_a_clean_stop(
    ledger: Ledger, end: str
) -> None:
    open_record(ledger)
    ledger.publish(entry())
    assert left(ledger) > 0
    for lane in (ledger.entries, ledger.controls):
        if end == "tick":
            lane.tick([0])
        else:
            lane.stop()
    assert left(ledger) == 0
    assert sent_again(ledger) == {}


def test_a_lane_that_gets_partitions_again_does_not_repeat_what_was_confirmed(
    ledger: Ledger,
) -> None:
    open_record(ledger)
    ledger.publish(entry())
    assert sent_again(ledger, lambda: ledger.entries.resume([0])) == {}
    assert left(ledger) > 0, "the other lane's own"
