"""A group is empty only if the broker says so."""

import pytest
from kafka.errors import CoordinatorLoadInProgressError, GroupIdNotFoundError

from recordgate_runtime.groups import members_of
from recordgate_schemas.errors import RetryableError


def test_members_are_counted_and_an_unknown_group_has_none() -> None:
    assert members_of("g", {"error": None, "members": [{}, {}]}) == 2
    assert members_of("g", {"error": str(GroupIdNotFoundError("no g")), "members": []}) == 0


def test_a_group_that_the_broker_cannot_describe_is_not_empty() -> None:
    loading = {"error": str(CoordinatorLoadInProgressError()), "members": []}
    with pytest.raises(RetryableError, match="CoordinatorLoadInProgress"):
        members_of("g", loading)
