"""A view that was restored from a backup: dark at first, then the truth, whichever of its writers is quicker."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from recordgate_deploy.embedded import Addresses
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
