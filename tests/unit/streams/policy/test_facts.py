"""What facts remember: switches, courses, and signals entry by entry."""

from datetime import UTC, date, datetime, timedelta

from recordgate_schemas.control import Level
from recordgate_schemas.values import SELF, Audience, EntryId, GrantId, OdsCode
from recordgate_streams.policy.facts import Course, Facts, PatientSignal, Proxy, Switch
from recordgate_streams.policy.settings import Signal

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER, LATEST = AT + timedelta(days=1), AT + timedelta(days=2)
E1, E2 = EntryId("e1"), EntryId("e2")


def test_a_switch_keeps_the_latest_on_and_the_latest_off() -> None:
    on_last = Switch().set(LATEST, on=True).set(AT, on=True).set(LATER, on=False)
    off_last = Switch().set(LATEST, on=False).set(AT, on=False).set(LATER, on=True)
    assert (on_last, on_last.is_on) == (Switch(LATEST, LATER), True)
    assert (off_last, off_last.is_on) == (Switch(LATER, LATEST), False)


def test_a_course_is_off_again_from_the_first_time_after_the_latest_on() -> None:
    declined = Course().set(AT, on=True).set(AT, on=False)
    assert (declined.is_on, declined.on_since, declined.off_since) == (True, AT, None)
    again = declined.set(LATEST, on=False).set(LATER, on=False)
    assert (again.is_on, again.on_since, again.off_since) == (False, None, LATER)
    assert (Course().is_on, Course().off_since) == (False, None)


def test_an_entrys_new_signals_replace_its_former_ones_and_no_others() -> None:
    former = PatientSignal(E1, Signal.DECLINED, AT)
    parental, review = (
        PatientSignal(E1, Signal.PARENTAL, LATER),
        PatientSignal(E1, Signal.REVIEW_104, LATER),
    )
    of_another = PatientSignal(E2, Signal.DECLINED, AT)
    facts = Facts().with_signals({E2}, (of_another,)).with_signals({E1}, (former,))
    assert facts.signals == (former, of_another)
    assert facts.with_signals({E1}, (review, parental)).signals == (parental, review, of_another)
    assert facts.with_signals({E1}, ()).signals == (of_another,)
    assert facts.latest(Signal.DECLINED) == AT
    assert facts.latest(Signal.PARENTAL) is None


def test_signals_of_several_entries_are_replaced_together() -> None:
    of_one, of_another = (PatientSignal(one, Signal.DECLINED, AT) for one in (E1, E2))
    facts = Facts().with_signals({E1, E2}, (of_another, of_one))
    assert facts.signals == (of_one, of_another)
    assert facts.with_signals({E1, E2}, ()) == Facts()


class Counted(str):
    """A grant's id that counts how often ids are compared."""

    __slots__ = ()
    compared = 0

    def __lt__(self, other: str) -> bool:
        Counted.compared += 1
        return str.__lt__(self, other)

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def granted(grant_id: GrantId) -> Proxy:
    return Proxy(grant_id, AT, OdsCode("A82038"), Level.FULL, date(2025, 1, 1), None, None, None)


def test_the_grant_of_an_audience_is_found_without_looking_at_every_other() -> None:
    ids = [GrantId(Counted(f"g{number:04}")) for number in range(4096)]
    known = Facts(proxies=tuple(granted(one) for one in ids))
    Counted.compared = 0
    found = [known.grant(Audience(f"proxy:{one}")) for one in ids]
    assert [one.grant_id for one in found if one] == ids
    assert Counted.compared <= len(ids) * 20
    assert known.grant(Audience("proxy:g9999")) is None
    assert known.grant(SELF) is None
