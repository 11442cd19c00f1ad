"""What publishers learn: the receipts of one transaction and system go together, and every arrival has one."""

from recordgate_schemas.messages import MOST_RECEIPTS, Receipt, ReceiptClass
from recordgate_schemas.values import EntryId
from tests.support.builders import OTHER_PRACTICE, access, entry, label, registered
from tests.support.ledger import Ledger


def test_receipts_of_a_batch_go_together_by_practice_and_system(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ours = [entry(entry_id=EntryId(f"e{n}")) for n in range(3)]
    hidden = entry(entry_id=EntryId("hidden"), labels=label("NOPAT"))
    theirs = entry(entry_id=EntryId("theirs"), practice=OTHER_PRACTICE)
    other = entry(entry_id=EntryId("other"), system="tpp")
    ledger.publish(*ours, ours[0], hidden, theirs, other)

    messages = ledger.broker.messages("receipts")
    found = {(m.practice, m.system): set(m.receipts) for m in messages}
    assert len(messages) == len(found) == 3
    assert found[entry().practice, "emis"] == {
        Receipt(ours[0].entry_id, 1, ReceiptClass.DUPLICATE),
        Receipt(hidden.entry_id, 1, ReceiptClass.WITHHELD),
        *(Receipt(one.entry_id, 1, ReceiptClass.RELEASED) for one in ours),
    }
    assert [r.entry_id for r in found[OTHER_PRACTICE, "emis"]] == [theirs.entry_id]
    assert [r.entry_id for r in found[entry().practice, "tpp"]] == [other.entry_id]
    assert {m.key for m in ledger.broker.sent if m.topic == "receipts"} == {b""}


def test_no_message_has_more_receipts_than_fit_the_topic(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(*(entry(entry_id=EntryId(f"e{n:03}")) for n in range(MOST_RECEIPTS + 1)))
    assert [len(m.receipts) for m in ledger.broker.messages("receipts")] == [MOST_RECEIPTS, 1]
