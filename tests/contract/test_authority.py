"""Who may say what: one line for every change; what has none must be signed, for every practice."""

from typing import Any, cast, get_args

import pytest

from recordgate_schemas.authority import AUTHORITY, Signed, must_be_signed, practice_of
from recordgate_schemas.control import AccessLevelSet, Change, Control, ProxyGranted
from tests.support.builders import OTHER_PRACTICE, access, granted, historic, reviewed, shown
from tests.support.largest import largest


def test_every_change_has_its_line_and_no_line_is_without_a_change() -> None:
    assert set(AUTHORITY) == set(get_args(Change))


OPENING = {"AccessLevelSet", "EntryShown", "ProxyGranted", "Reviewed", "StateConfirmed"}


@pytest.mark.parametrize("change", get_args(Change), ids=lambda one: one.__name__)
def test_whatever_opens_beyond_a_publisher_s_own_record_must_be_signed(change: type) -> None:
    assert must_be_signed(largest(change)) == (change.__name__ in OPENING)


def test_levels_and_grants_need_a_signature_only_for_the_past() -> None:
    for plain, past in (
        (access(), access(historic=historic())),
        (granted(), granted(historic=historic())),
    ):
        assert (must_be_signed(plain), must_be_signed(past)) == (False, True)
    by = {change for change, one in AUTHORITY.items() if one.signed is Signed.IF_HISTORIC}
    assert by == {AccessLevelSet, ProxyGranted}


def test_a_change_that_is_not_in_the_table_must_be_signed_for_every_practice() -> None:
    unknown = cast("Any", Control)
    assert must_be_signed(unknown)
    assert practice_of(unknown) is None


def test_a_key_must_speak_for_the_practice_that_is_named_or_for_all() -> None:
    for change in (reviewed(practice=OTHER_PRACTICE), access(practice=OTHER_PRACTICE)):
        assert practice_of(change) == OTHER_PRACTICE
    assert practice_of(granted(practice=OTHER_PRACTICE)) == OTHER_PRACTICE
    assert practice_of(shown()) is None
