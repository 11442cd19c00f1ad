"""Replays of controls whose signature is missing, and the signature of what an operator confirms."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from recordgate_runtime.postgres import connect
from recordgate_schemas import codec
from recordgate_schemas.control import AccessSuspended, StateConfirmed
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import CONTROLS, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.lanes.replay import Operator, Quarantine, Replayed
from recordgate_streams.ledger.quarantine import QuarantineStore
from recordgate_streams.ledger.quarantine_seal import Seal
from tests.support.builders import NHS_NUMBER, access, control, entry, registered
from tests.support.ledger import Ledger
from tests.support.signing import SERVICE

KEY = NHS_NUMBER.digits.encode()
AT = datetime(2026, 11, 20, tzinfo=UTC)
OPERATOR, KEYLESS = Operator("somebody", AT, SERVICE), Operator("somebody", AT)
SEAL = Seal(b"k" * 32)
GARBAGE = b"\xc3\x01 perhaps a hide"
HARMLESS = codec.encode(CONTROLS, control(AccessSuspended()))
FIRST, SECOND = Coordinates("controls", 0, 0), Coordinates("controls", 0, 1)


class Sent(list[bytes]):
    def __call__(
        self, topic: Topic, number: NhsNumber, value: bytes, original: Coordinates | None
    ) -> None:
        assert (topic, number) == (CONTROLS, NHS_NUMBER), original
        self.append(value)


@pytest.fixture
def sealed(ledger: Ledger) -> Ledger:
    ledger.seal = SEAL
    ledger.restart()
    return ledger


@pytest.fixture
def quarantine(ledger_dsn: str) -> Iterator[Quarantine]:
    with connect(ledger_dsn, "quarantine_keeper", autocommit=True) as connection:
        yield Quarantine(QuarantineStore(connection), SEAL, 1)


def take(ledger: Ledger, *values: bytes) -> None:
    ledger.controls.process_batch([ledger.raw(CONTROLS, value, KEY) for value in values])


def test_a_control_without_its_signature_keeps_nobody_held_and_replaying_it_confirms_nothing(
    sealed: Ledger, quarantine: Quarantine
) -> None:
    unsigned = codec.encode(CONTROLS, control(StateConfirmed(9)))
    take(sealed, unsigned, GARBAGE)
    quarantine.repair(SECOND, HARMLESS, OPERATOR)
    assert quarantine.replay(SECOND, Sent(), OPERATOR) == Replayed(again=False, confirmed=1)
    sent = Sent()
    assert quarantine.replay(FIRST, sent, OPERATOR) == Replayed(again=False)
    assert sent == [unsigned]


def test_without_a_key_nothing_is_published_and_nothing_that_must_be_signed_is_repaired(
    sealed: Ledger, quarantine: Quarantine
) -> None:
    take(sealed, GARBAGE)
    with pytest.raises(UsageError, match="RECORDGATE_OPERATOR_KEY"):
        quarantine.repair(FIRST, codec.encode(CONTROLS, control(StateConfirmed(-1))), KEYLESS)
    quarantine.repair(FIRST, HARMLESS, KEYLESS)
    sent = Sent()
    with pytest.raises(UsageError, match="RECORDGATE_OPERATOR_KEY"):
        quarantine.replay(FIRST, sent, KEYLESS)
    assert sent == []


def test_what_an_operator_repairs_and_confirms_is_signed_and_counts(
    sealed: Ledger, quarantine: Quarantine
) -> None:
    sealed.say(registered(), access())
    sealed.publish(entry())
    take(sealed, GARBAGE)
    assert sealed.outcome("A82038/emis/e0")[0] == "HELD"
    nothing = codec.encode(CONTROLS, control(StateConfirmed(-1)))
    quarantine.repair(Coordinates("controls", 0, 2), nothing, OPERATOR)
    sent = Sent()
    quarantine.replay(Coordinates("controls", 0, 2), sent, OPERATOR)
    take(sealed, *sent)
    assert sealed.outcome("A82038/emis/e0")[0] == "RELEASED"
    assert len(sent) == 2
