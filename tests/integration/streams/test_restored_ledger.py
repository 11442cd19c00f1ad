"""A ledger that was restored from a backup: it is noticed, begins a new incarnation, and nothing hidden comes back."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from recordgate_deploy.embedded import Addresses
from recordgate_deploy.kafka_acls import apply_acls
from recordgate_deploy.waiting import await_true
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.groups import count_members
from recordgate_runtime.kafka import open_admin
from recordgate_runtime.postgres import connect_as_owner
from recordgate_runtime.process import ExitCode, exit_code
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import Principal
from recordgate_schemas.values import EntryId
from recordgate_streams.lanes.restore import SOURCES, StillRunning, lane_group, restore
from tests.support.builders import NHS_NUMBER, access, control, entry, hidden, registered
from tests.support.ledger import Crash
from tests.support.services import broker
from tests.support.site import Site


@pytest.fixture
def site(services: Addresses) -> Iterator[Site]:
    opened = Site(services, f"s{uuid.uuid4().hex[:8]}")
    yield opened
    opened.close()


def version(n: int) -> bytes:
    return b'{"resourceType":"Encounter","note":[{"text":"version %d"}]}' % n


def lived(site: Site) -> None:
    """P0 is known; a backup is taken; then three versions of E0 are released, one by one."""
    site.start()
    site.publish(control(registered()), control(access()))
    site.settle()
    site.backup()
    site.start()
    for n in (1, 2, 3):
        site.publish(entry(version=n, body=version(n)))
        site.settle()
    assert site.bodies(NHS_NUMBER) == [version(3)]


def as_operator(site: Site, services: Addresses) -> Settings:
    """The site as the operator's command reaches it, who looks at the lanes' groups and changes none."""
    apply_acls(site.settings)
    values = {"kafka_secrets": Path(services.kafka_secrets), "kafka_user": Principal.RESTORE}
    return site.settings.model_copy(update=values)


def test_a_restore_changes_the_ledger_and_nothing_on_the_broker(
    site: Site, services: Addresses
) -> None:
    lived(site)
    site.restore()
    operator = as_operator(site, services)
    with connect_as_owner(site.dsn("ledger"), autocommit=True) as ledger:
        done = restore(ledger, operator, SystemClock())
    assert done.to_read == {"entries": 3, "controls": 0}
    groups = [lane_group(topic.name, operator) for topic in SOURCES]
    with contextlib.closing(open_admin(site.settings)) as admin:
        assert [admin.list_group_offsets(one) for one in groups] == [{one: {}} for one in groups]
    site.start()
    for _ in range(3):
        site.settle()
    assert site.bodies(NHS_NUMBER) == [version(3)]


def test_who_may_not_look_at_a_group_does_not_take_it_for_empty(
    site: Site, services: Addresses
) -> None:
    operator = as_operator(site, services)
    group = lane_group("entries", operator)
    assert count_members(group, operator) == 0
    with pytest.raises(RetryableError, match="GroupAuthorization"):
        count_members("somebody-else-s", operator)


def test_while_a_lane_runs_a_restore_is_refused_and_changes_nothing(site: Site) -> None:
    lived(site)
    site.stop()
    before = site.ask("ledger", "select number from incarnation")
    options = broker(site.settings.kafka).kafka_python()
    lane = KafkaConsumer(**options, group_id=lane_group("entries", site.settings))
    lane.subscribe([f"{site.name}-entries"])
    assert await_true(
        lambda: not lane.poll(timeout_ms=100) and bool(lane.assignment()), timeout_s=30
    )
    with connect_as_owner(site.dsn("ledger"), autocommit=True) as ledger:
        with pytest.raises(
            StillRunning, match=r"stop the decider first: entries still runs; .*md"
        ) as e:
            restore(ledger, site.settings, SystemClock(), patience_s=0)
        assert exit_code(e.value) is ExitCode.FINDING
        assert site.ask("ledger", "select number from incarnation") == before
        lane.close()
        assert (restore(ledger, site.settings, SystemClock()).incarnation,) > before[0]


def test_what_is_hidden_after_a_restore_does_not_stay_readable(site: Site) -> None:
    lived(site)
    site.restore()
    with contextlib.suppress(FatalError):
        site.start()
        site.settle()
    site.publish(control(hidden()))
    for _ in range(2 if site.lanes else 0):
        site.decide()
    site.apply()
    assert site.bodies(NHS_NUMBER) == []


def test_a_restored_ledger_stops_its_lanes_until_an_operator_says_restore(site: Site) -> None:
    lived(site)
    site.restore()
    with pytest.raises(FatalError, match="lives in another database"):
        site.start()
    site.pretend_it_never_moved()
    with pytest.raises(
        FatalError, match=r"released/0 is ahead of the ledger.*ledger-restored\.md"
    ) as stopped:
        site.start()
    assert exit_code(stopped.value) is ExitCode.SAFETY

    first = site.say_restore()
    site.start()
    site.apply()
    assert site.bodies(NHS_NUMBER) == []  # the start message alone: dark
    site.settle()
    site.settle()
    assert site.bodies(NHS_NUMBER) == [version(3)]
    site.publish(control(hidden()))
    site.settle()
    site.settle()
    assert site.bodies(NHS_NUMBER) == []
    assert site.say_restore() > first


def test_a_new_system_is_open_without_an_operator(site: Site) -> None:
    site.start()
    site.publish(control(registered()), control(access()), entry())
    site.settle()
    site.settle()
    assert len(site.bodies(NHS_NUMBER)) == 1
    assert site.ask("view", "select open from message_partition") == [(True,)]


def test_an_empty_ledger_in_the_place_of_a_lost_one_stops_its_lanes(site: Site) -> None:
    lived(site)
    site.lose()
    with pytest.raises(FatalError, match="the ledger is empty and released is not"):
        site.start()
    site.say_restore()
    site.start()
    for _ in range(3):
        site.settle()
    assert site.bodies(NHS_NUMBER) == [version(3)]


@pytest.mark.parametrize("messages", [0, 1, 3, 4])
def test_killed_in_the_middle_of_a_restore_it_goes_on_and_shows_the_truth_or_nothing(
    site: Site, messages: int
) -> None:
    lived(site)
    site.publish(entry(entry_id=EntryId("second"), version=1, body=version(9)))
    site.restore()
    site.say_restore()
    with contextlib.suppress(Crash):
        site.start(dying_after=messages)
        site.decide()
        site.decide()
    site.stop()
    site.apply()
    # before the start message the view knows nothing of it, and what it shows is still the truth
    assert site.bodies(NHS_NUMBER) == ([version(3)] if messages < 2 else [])
    site.start()
    for _ in range(3):
        site.settle()
        assert len(site.bodies(NHS_NUMBER)) in (0, 2)
    assert sorted(site.bodies(NHS_NUMBER)) == [version(3), version(9)]
    assert site.ask("ledger", "select phase from incarnation_partition") == [("open",)]


def test_a_ledger_restored_twice_from_one_backup_ends_in_the_truth(site: Site) -> None:
    lived(site)
    site.restore()
    first = site.say_restore()
    site.restore()
    assert site.say_restore() > first
    site.start()
    site.decide()
    site.restore()
    site.say_restore()
    site.publish(control(hidden()))
    site.start()
    for _ in range(3):
        site.settle()
        assert site.bodies(NHS_NUMBER) == []
    assert site.ask("view", "select open from message_partition") == [(True,)]
    assert site.ask("view", "select count(*) from released_entry where body is not null") == [(1,)]
