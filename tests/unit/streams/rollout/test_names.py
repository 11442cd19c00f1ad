"""Names of approvers stand in file names and in the headers of signatures."""

import pytest

from recordgate_schemas.errors import UsageError
from recordgate_streams.rollout.names import approver_name


@pytest.mark.parametrize("name", ["", "../amira", "a b", "-a", "a/b", "a\n", "a--b"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="approver: must be letters"):
        approver_name(name)
