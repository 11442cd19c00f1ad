"""A view that was restored, or lost messages: dark at first, then the truth, whichever writer is quicker."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from recordgate_consumers.view.catching_up import CatchUp
from recordgate_deploy.embedded import Addresses
from recordgate_runtime.postgres import connect
from recordgate_schemas.entry import Coding
from recordgate_schemas.errors import FatalError
from recordgate_schemas.values import EntryId
from tests.support.builders import NHS_NUMBER, access, control, entry, hidden, registered
from tests.support.site import Site

E1, E2 = EntryId("A82038/emis/e1"), EntryId("A82038/emis/e2")
HIDDEN, SHOWN, LATER = (b'{"resourceType":"Encounter","id":"%s"}' % n for n in (b"h", b"s", b"l"))


@pytest.fixture
def site(services: Addresses) -> Iterator[Site]:
    opened = Site(services, f"v{uuid.uuid4().hex[:8]}")
    yield opened
    opened.close()


def restored(site: Site) -> None:
    """One entry was hidden, and one released, after the backup that is now the view."""
    site.start()
    site.publish(control(registered()), control(access()))
    site.publish(entry(body=HIDDEN), entry(entry_id=E1, body=SHOWN))
    site.settle()
    assert sorted(site.bodies(NHS_NUMBER)) == [HIDDEN, SHOWN]
    site.backup("view")
    site.start()
    site.publish(control(hidden()), entry(entry_id=E2, body=LATER))
    site.settle()
    assert sorted(site.bodies(NHS_NUMBER)) == [LATER, SHOWN]
    site.restore("view")


def test_a_backup_older_than_the_lease_shows_nothing_until_the_gate_lane_has_caught_up(
    site: Site,
) -> None:
    restored(site)
    assert HIDDEN in site.bodies(NHS_NUMBER), "the backup has it: the stamp alone keeps it dark"
    with psycopg.connect(site.dsn("view"), autocommit=True) as owner:
        owner.execute(
            "update gate_freshness set lease = '15 s', fresh_at = fresh_at - interval '16 s'"
        )
    assert site.bodies(NHS_NUMBER) == []


@pytest.mark.parametrize("gate_first", [True, False])
def test_a_restored_view_reads_both_topics_again_and_ends_in_the_truth(
    site: Site, *, gate_first: bool
) -> None:
    restored(site)
    if not gate_first:
        site.apply_released()
        assert HIDDEN not in site.bodies(NHS_NUMBER)
    site.apply_controls()
    assert HIDDEN not in site.bodies(NHS_NUMBER)
    site.apply_released()
    assert sorted(site.bodies(NHS_NUMBER)) == [LATER, SHOWN]


LABELLED = (Coding("http://hl7.org/fhir/v3/ActCode", "NOPAT"),)


def took_back(site: Site) -> None:
    """After the backup that is now the view, a new version took the entry back; no control said so."""
    site.start()
    site.publish(control(registered()), control(access()), entry(body=HIDDEN, version=1))
    site.publish(entry(entry_id=E1, body=SHOWN))
    site.settle()
    site.backup("view")
    site.start()
    site.publish(entry(body=HIDDEN, version=2, labels=LABELLED))
    site.settle()
    assert site.bodies(NHS_NUMBER) == [SHOWN]
    site.restore("view")


@pytest.mark.parametrize("role", ["gate_writer", "view_sink"])
def test_a_restored_view_shows_nothing_until_its_sink_has_read_what_was_taken_back(
    site: Site, role: str
) -> None:
    """The gate has read every control again, and its stamp is fresh: all that is missing is a retraction."""
    took_back(site)
    with connect(site.dsn("view"), role, autocommit=True) as connection:
        CatchUp(connection, site.settings).begin()
    site.apply_controls()
    assert site.bodies(NHS_NUMBER) == []
    with connect(site.dsn("view"), "view_sink", autocommit=True) as connection:
        sink = CatchUp(connection, site.settings)
        sink.begin()
        sink.step()
        assert site.bodies(NHS_NUMBER) == []
        site.apply_released()
        sink.step()
    assert site.bodies(NHS_NUMBER) == [SHOWN]


def test_a_sink_that_cannot_go_on_leaves_nothing_readable_until_its_log_was_found_again(
    site: Site,
) -> None:
    took_back(site)
    with connect(site.dsn("view"), "view_sink", autocommit=True) as connection:
        sink = CatchUp(connection, site.settings)
        with pytest.raises(FatalError), sink.closing_on_loss():
            raise FatalError("the log is another one")
        assert site.bodies(NHS_NUMBER) == []
        started_again = CatchUp(connection, site.settings)
        started_again.step()
        assert site.bodies(NHS_NUMBER) == []
        site.apply_released()
        started_again.step()
    assert site.bodies(NHS_NUMBER) == [SHOWN]


def test_a_view_that_stays_where_it_is_closes_nothing(site: Site) -> None:
    site.start()
    site.publish(control(registered()), control(access()), entry(body=SHOWN))
    site.settle()
    for _ in range(2):
        with connect(site.dsn("view"), "view_sink", autocommit=True) as connection:
            sink = CatchUp(connection, site.settings)
            sink.begin()
            sink.step()
        assert site.bodies(NHS_NUMBER) == [SHOWN]
