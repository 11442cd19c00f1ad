"""Controls that can open something count only with the signature of a service that speaks for the practice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from recordgate_runtime.metrics import REGISTRY
from recordgate_runtime.record import Record
from recordgate_runtime.service_keys import ServiceKey
from recordgate_schemas import codec
from recordgate_schemas.control import Change, Control, ReviewAction, ReviewGround, StateConfirmed
from recordgate_schemas.entry import ThirdParty
from recordgate_schemas.messages import HoldOpened
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import NhsNumber
from recordgate_streams.lanes.refusal import Refusal
from tests.support.builders import (
    NHS_NUMBER,
    NOW,
    OTHER_NUMBER,
    OTHER_PRACTICE,
    PRACTICE,
    RECORDED,
    access,
    control,
    entry,
    granted,
    hidden,
    historic,
    registered,
    reviewed,
    shown,
)
from tests.support.ledger import Ledger
from tests.support.signing import SERVICE, introduce, new_service, retire

E0 = "A82038/emis/e0"
HELD = entry(third_party=ThirdParty.PRESENT)
OLD = entry(recorded_at=RECORDED.replace(year=2021))
RELEASE = control(reviewed("THIRD_PARTY"))


def send(ledger: Ledger, *controls: Change | Control) -> list[Record]:
    """Publish controls as they are, as any client of Kafka can."""
    made = [c if isinstance(c, Control) else control(c, effective_at=NOW) for c in controls]
    records = [
        ledger.raw(CONTROLS, codec.encode(CONTROLS, one), one.nhs_number.digits.encode())
        for one in made
    ]
    ledger.controls.process_batch(records)
    return records


def refused(ledger: Ledger) -> list[str]:
    """Return the classes of what is in quarantine, in order."""
    rows = ledger.owner.execute("select error from quarantine order by record_offset")
    return [error.partition(":")[0] for (error,) in rows]


def holding(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(HELD)
    assert ledger.outcome(E0) == ("HELD", "THIRD_PARTY")


def test_a_signed_review_releases_what_it_names(ledger: Ledger) -> None:
    holding(ledger)
    send(ledger, SERVICE.sign(RELEASE))
    assert ledger.view() == {E0: 1}
    assert refused(ledger) == []


def moved(to: NhsNumber) -> Control:
    return replace(
        SERVICE.sign(control(reviewed("THIRD_PARTY"), nhs_number=OTHER_NUMBER)), nhs_number=to
    )


def altered(**changes: Any) -> Control:
    signed = SERVICE.sign(RELEASE)
    return replace(signed, change=replace(reviewed("THIRD_PARTY"), **changes))


def other_service(ledger: Ledger) -> Control:
    return new_service(ledger.owner, [OTHER_PRACTICE]).sign(RELEASE)


def its_own_practice_named(ledger: Ledger) -> Control:
    """A service of another practice names its own practice: it speaks for that one, and the entry is of this one."""
    service = new_service(ledger.owner, [OTHER_PRACTICE])
    return service.sign(control(reviewed("THIRD_PARTY", practice=OTHER_PRACTICE)))


def retired(ledger: Ledger) -> Control:
    service = new_service(ledger.owner)
    retire(ledger.owner, service, NOW - timedelta(seconds=1))
    return service.sign(RELEASE)


FORGED: dict[str, tuple[Callable[[Ledger], Control], str | None]] = {
    "unsigned": (lambda _: RELEASE, "unsigned_control"),
    "no signature at all": (lambda _: replace(RELEASE, signature="x"), "unknown_key"),
    "an unknown key": (
        lambda _: ServiceKey.of(OKPKey.generate_key("Ed25519")).sign(RELEASE),
        "unknown_key",
    ),
    "another practice's key": (other_service, "other_practice"),
    "another practice's key for its own": (its_own_practice_named, None),
    "moved to another patient": (lambda _: moved(NHS_NUMBER), "wrong_signature"),
    "another version": (lambda _: altered(entry_version=2), "wrong_signature"),
    "more reasons": (lambda _: altered(reasons=("THIRD_PARTY", "COURT")), "wrong_signature"),
    "another id": (
        lambda _: replace(SERVICE.sign(RELEASE), control_id="another"),
        "wrong_signature",
    ),
    "another time": (
        lambda _: replace(SERVICE.sign(RELEASE), effective_at=NOW),
        "wrong_signature",
    ),
    "another source": (lambda _: replace(SERVICE.sign(RELEASE), source="x"), "wrong_signature"),
    "a retired key": (retired, "key_not_valid"),
    "an expired key": (
        lambda ledger: new_service(ledger.owner, valid_until=NOW).sign(RELEASE),
        "key_not_valid",
    ),
    "a key not valid yet": (
        lambda ledger: new_service(ledger.owner, valid_from=NOW + timedelta(seconds=1)).sign(
            RELEASE
        ),
        "key_not_valid",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_any_other_review_releases_nothing_and_lets_a_signed_one_in(
    ledger: Ledger, what: str
) -> None:
    forge, why = FORGED[what]
    holding(ledger)
    (record,) = send(ledger, forge(ledger))

    assert ledger.outcome(E0) == ("HELD", "THIRD_PARTY")
    assert refused(ledger) == ([why] if why else [])
    assert ledger.markers()[-1] == record.offset  # what the gate may have closed is open again
    assert ledger.account().unaccounted == 0

    send(ledger, SERVICE.sign(replace(RELEASE, effective_at=NOW)))
    assert ledger.view() == {E0: 1}


def test_each_refusal_is_counted_once_and_from_0(ledger: Ledger) -> None:
    def counted() -> dict[str, float | None]:
        name = "recordgate_refused_controls_total"
        return {one: REGISTRY.get_sample_value(name, {"reason": one}) for one in Refusal}

    before = counted()
    assert None not in before.values()
    records = send(ledger, RELEASE, RELEASE, replace(RELEASE, signature="x"))
    ledger.controls.process_batch(records)  # a replay
    grown = {one: (n or 0) - (before[one] or 0) for one, n in counted().items()}
    assert {one: n for one, n in grown.items() if n} == {"unsigned_control": 2, "unknown_key": 1}


def test_a_review_that_does_not_count_puts_its_hold_back_into_the_queue(ledger: Ledger) -> None:
    holding(ledger)
    before = len(ledger.broker.messages("held"))
    send(ledger, RELEASE)
    (again,) = ledger.broker.messages("held")[before:]
    assert isinstance(again.change, HoldOpened)


@pytest.mark.parametrize("ground", [ReviewGround.OTHER, ReviewGround.SERIOUS_HARM])
def test_an_unsigned_withholding_closes_nothing_for_longer_than_a_blink(
    ledger: Ledger, ground: ReviewGround
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    (record,) = send(ledger, reviewed(action=ReviewAction.WITHHOLD, ground=ground))
    assert ledger.view() == {E0: 1}
    assert ledger.markers()[-1] == record.offset


def test_an_unsigned_withholding_takes_no_earlier_one_s_place(ledger: Ledger) -> None:
    holding(ledger)
    opinion = NOW.date()
    harm = reviewed(
        action=ReviewAction.WITHHOLD, ground=ReviewGround.SERIOUS_HARM, clinician_opinion_on=opinion
    )
    ledger.say(harm)
    send(ledger, reviewed(action=ReviewAction.WITHHOLD, ground=ReviewGround.OTHER, entry_version=7))
    assert ledger.outcome(E0) == ("WITHHELD", "REVIEWED")


def test_a_withholding_of_another_practice_holds_and_its_own_reviewer_may_settle_it(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    service = new_service(ledger.owner, [OTHER_PRACTICE])
    withheld = reviewed(action=ReviewAction.WITHHOLD, practice=OTHER_PRACTICE)
    (record,) = send(ledger, service.sign(control(withheld)))
    assert ledger.outcome(E0) == ("HELD", "REVIEWED")
    ledger.say(control(reviewed("REVIEWED", control_position=record.offset), effective_at=NOW))
    assert ledger.view() == {E0: 1}


def test_what_was_signed_while_the_key_was_valid_stays_valid(ledger: Ledger) -> None:
    holding(ledger)
    service = new_service(ledger.owner)
    records = send(ledger, service.sign(RELEASE))
    retire(ledger.owner, service, NOW + timedelta(seconds=1))
    ledger.restart()
    ledger.controls.process_batch(records)
    ledger.say(access(level=access().level))

    assert ledger.view() == {E0: 1}
    assert refused(ledger) == []


def test_a_signed_review_that_is_replayed_opens_nothing_that_was_closed_since(
    ledger: Ledger,
) -> None:
    holding(ledger)
    release = SERVICE.sign(RELEASE)
    send(ledger, release)
    withheld = reviewed(
        action=ReviewAction.WITHHOLD, ground=ReviewGround.THIRD_PARTY, control_position=2
    )
    ledger.say(control(withheld, effective_at=NOW))
    send(ledger, release, release)
    assert ledger.outcome(E0) == ("WITHHELD", "REVIEWED")


def test_a_signed_unhide_that_is_replayed_does_not_lift_a_later_hide(ledger: Ledger) -> None:
    ledger.say(registered(), access(), hidden())
    ledger.publish(entry())
    unhide = SERVICE.sign(control(shown(), effective_at=NOW - timedelta(minutes=30)))
    send(ledger, unhide)
    assert ledger.view() == {E0: 1}
    ledger.say(control(hidden(), effective_at=NOW))
    send(ledger, unhide)
    assert ledger.view() == {}


OPENING: dict[str, Change] = {
    "historic access": access(historic=historic()),
    "historic access of a proxy": granted(historic=historic()),
    "an unhide": shown(),
    "a confirmation": StateConfirmed(3),
}


@pytest.mark.parametrize("what", OPENING)
def test_what_opens_counts_signed_and_only_signed(ledger: Ledger, what: str) -> None:
    ledger.say(
        registered(), access(), granted(), control(hidden(), effective_at=NOW - timedelta(days=1))
    )
    if what != "an unhide":
        ledger.say(shown())
    ledger.publish(OLD if "historic" in what else entry())
    if what == "a confirmation":
        key = NHS_NUMBER.digits.encode()
        ledger.controls.process_batch([ledger.raw(CONTROLS, b"junk", key)])
    change = replace(StateConfirmed(0), through=99) if what == "a confirmation" else OPENING[what]
    audience = "proxy:grant-1" if "proxy" in what else "self"
    opened = control(change, effective_at=NOW)

    send(ledger, opened)
    assert ledger.outcome(E0, audience)[0] not in {"RELEASED", "RELEASED_REDACTED"}
    assert refused(ledger)[-1] == "unsigned_control"

    only_here = new_service(ledger.owner, [PRACTICE])
    send(ledger, only_here.sign(opened))
    scoped = "historic" in what
    assert (ledger.outcome(E0, audience)[0] == "RELEASED") == scoped

    send(ledger, SERVICE.sign(opened))
    assert ledger.outcome(E0, audience)[0] == "RELEASED"


def test_unsigned_controls_in_number_neither_stop_the_lane_nor_darken_the_patient(
    ledger: Ledger,
) -> None:
    holding(ledger)
    send(ledger, *[replace(RELEASE, control_id=f"c{n}") for n in range(60)])
    ledger.publish(entry(entry_id="neighbour"))
    assert ledger.view() == {"neighbour": 1}
    assert refused(ledger) == ["unsigned_control"] * 60


def test_a_key_the_ledger_cannot_read_refuses_instead_of_stopping(ledger: Ledger) -> None:
    holding(ledger)
    pair = OKPKey.generate_key("Ed25519")
    introduce(ledger.owner, pair)
    service = ServiceKey.of(pair)
    ledger.owner.execute(
        "update service_key set public_key = 'x' where key_id = %s", (service.key_id,)
    )
    send(ledger, service.sign(RELEASE))
    assert refused(ledger) == ["wrong_signature"]
