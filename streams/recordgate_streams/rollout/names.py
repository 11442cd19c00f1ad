"""Names of approvers."""

import re

from recordgate_schemas.errors import UsageError

NAME = r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$"


def approver_name(text: str) -> str:
    """Return a name that may stand in a file name and a JWS header; raise UsageError otherwise."""
    if not re.fullmatch(NAME, text):
        raise UsageError("approver: must be letters, digits and single hyphens, such as jane-smith")
    return text
