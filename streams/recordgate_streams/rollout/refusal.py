"""The one error of a change of rules that must not happen."""

from recordgate_schemas.errors import RecordgateError


class Refused(RecordgateError):
    """A change of rules or approvers that must not happen like this; the message says why, and what would help."""
