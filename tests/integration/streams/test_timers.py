"""Time alone changes decisions: birthdays, ends of grants, opinions that go stale. Nobody has to say anything."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_schemas.entry import ThirdParty
from recordgate_schemas.messages import Release, TaskClosed, TaskOpened
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.ledger.rows import stored
from tests.support.builders import (
    OTHER_NUMBER,
    PARTNER,
    access,
    control,
    entry,
    granted,
    registered,
    reviewed,
)
from tests.support.clock import FrozenClock
from tests.support.ledger import PARTITION, Ledger

E0 = entry().entry_id
BIRTHDAY_16 = datetime(2026, 6, 9, 23, tzinfo=UTC)
"""00:00 in London, summer time, of the 16th birthday of a child born on 10 June 2010."""

CHILD = {"birth_date": date(2010, 6, 10)}


def at(ledger: Ledger, now: datetime) -> None:
    """Let it be another time, and let the lane look at its agenda."""
    ledger.clock = FrozenClock(now)
    ledger.controls = ledger.controls_lane()
    ledger.controls.tick([PARTITION])


def tasks(ledger: Ledger) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for message in ledger.broker.messages("held"):
        change = message.change
        if isinstance(change, TaskOpened):
            found.add((change.reason, change.audience))
        elif isinstance(change, TaskClosed):
            found.discard((change.reason, change.audience))
    return found


def releases(ledger: Ledger, audience: str) -> list[Any]:
    changes = [message.change for message in ledger.broker.messages()]
    return [c for c in changes if isinstance(c, Release) and c.audience == audience]


def family(ledger: Ledger, **grant: Any) -> None:
    """A child of 14 without own access, and a parent who reads for it."""
    ledger.say(
        registered(**CHILD),
        access(effective_from=None),
        granted(**{"renewed_at_age": 13, **grant}),
    )
    ledger.publish(entry())


def test_on_the_16th_birthday_the_parent_goes_and_older_entries_stay_closed_to_the_young_adult(
    ledger: Ledger,
) -> None:
    family(ledger)
    assert ledger.outcome(E0, PARTNER) == ("RELEASED", None)
    at(ledger, BIRTHDAY_16 - timedelta(seconds=1))
    assert ledger.outcome(E0, PARTNER) == ("RELEASED", None)
    assert ledger.outcome(E0) == ("NOT_ELIGIBLE", "UNDER_16")
    at(ledger, BIRTHDAY_16)
    assert ledger.outcome(E0, PARTNER) == ("NOT_ELIGIBLE", "PROXY_16")
    assert ledger.outcome(E0) == ("NOT_ELIGIBLE", "HISTORIC")


def test_a_release_to_a_proxy_is_valid_no_longer_than_the_grant_can_be_sure_of(
    ledger: Ledger,
) -> None:
    family(ledger, until=date(2025, 12, 31))
    (to_proxy,) = releases(ledger, PARTNER)
    assert to_proxy.valid_until == datetime(2026, 1, 1, tzinfo=UTC)
    ledger.say(control(granted(renewed_at_age=13), effective_at=ledger.clock.now()))
    assert releases(ledger, PARTNER)[-1].valid_until == BIRTHDAY_16


def test_what_the_patient_sees_for_ever_is_valid_for_ever(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    (to_self,) = releases(ledger, "self")
    assert to_self.valid_until is None


def test_at_the_review_age_one_task_opens_and_no_hold_and_renewing_the_grant_closes_it(
    ledger: Ledger,
) -> None:
    ledger.say(registered(birth_date=date(2014, 7, 1)), access(effective_from=None), granted())
    ledger.publish(entry(), entry(entry_id=EntryId("A82038/emis/e1")))
    at(ledger, datetime(2025, 6, 30, 23, tzinfo=UTC))
    assert ledger.outcome(E0, PARTNER) == ("HELD", "PROXY_AGE")
    assert tasks(ledger) == {("PROXY_AGE", PARTNER)}
    told = {type(message.change) for message in ledger.broker.messages("held")}
    assert told == {TaskOpened}
    renewed = control(granted(renewed_at_age=11), effective_at=ledger.clock.now())
    ledger.say(renewed)
    assert ledger.outcome(E0, PARTNER) == ("RELEASED", None)
    assert tasks(ledger) == set()


def test_an_opinion_six_months_old_raises_a_task_and_the_entry_stays_withheld(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(third_party=ThirdParty.PRESENT))
    ledger.say(
        reviewed(
            "THIRD_PARTY",
            action=ReviewAction.WITHHOLD,
            ground=ReviewGround.SERIOUS_HARM,
            clinician_opinion_on=date(2025, 6, 2),
        )
    )
    assert (ledger.outcome(E0), tasks(ledger)) == (("WITHHELD", "REVIEWED"), set())
    at(ledger, datetime(2025, 12, 2, 0, tzinfo=UTC))
    assert (ledger.outcome(E0), tasks(ledger)) == (
        ("WITHHELD", "REVIEWED"),
        {("OPINION_STALE", "self")},
    )


def test_an_entry_dated_into_the_future_is_decided_again_when_its_time_has_come(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    tomorrow = ledger.clock.now() + timedelta(days=1)
    ledger.publish(entry(recorded_at=tomorrow))
    assert ledger.outcome(E0) == ("HELD", "FUTURE_DATED")
    at(ledger, tomorrow)
    assert ledger.outcome(E0) == ("RELEASED", None)


def test_only_patients_whose_time_has_come_are_decided_again(ledger: Ledger) -> None:
    family(ledger)
    for change in (registered(birth_date=date(2012, 1, 1)), access(effective_from=None)):
        ledger.say(control(change, nhs_number=OTHER_NUMBER))
    at(ledger, BIRTHDAY_16)
    due: dict[int, datetime] = dict(
        ledger.owner.execute("select nhs_number, due_at from patient").fetchall()
    )
    assert due[stored(OTHER_NUMBER)] == datetime(2028, 1, 1, tzinfo=UTC)
    assert decided_again(ledger) == {entry().nhs_number}


def decided_again(ledger: Ledger) -> set[NhsNumber]:
    """Whose markers were told after everything was said."""
    return {m.nhs_number for m in ledger.broker.messages()[-1:]}


def test_a_crash_between_the_birthday_and_its_decisions_forgets_nobody(ledger: Ledger) -> None:
    family(ledger)
    ledger.clock = FrozenClock(BIRTHDAY_16)
    ledger.owner.execute("update patient set due_at = null")
    ledger.owner.execute(
        "insert into redecision (nhs_number, partition, through, published_at)"
        " select nhs_number, partition, control_position, now() from patient"
    )
    ledger.restart()
    assert ledger.outcome(E0, PARTNER) == ("NOT_ELIGIBLE", "PROXY_16")
