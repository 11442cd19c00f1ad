"""Outcomes and reason codes: the closed vocabulary of every decision.

Precedence and outcomes: docs/architecture.md, "The decision".
"""

from enum import StrEnum


class Outcome(StrEnum):
    """What was decided for one (entry version, audience)."""

    HELD = "HELD"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    WITHHELD = "WITHHELD"
    DEFERRED = "DEFERRED"
    RELEASED_REDACTED = "RELEASED_REDACTED"
    RELEASED = "RELEASED"


class Reason(StrEnum):
    """Why; the value is what ledgers, receipts and screens carry."""

    # integrity: these holds outrank everything
    IDENTITY = "IDENTITY"
    CONFLICT = "CONFLICT"
    WRONG_PATIENT = "WRONG_PATIENT"
    STATE_UNKNOWN = "STATE_UNKNOWN"
    BODY_MISMATCH = "BODY_MISMATCH"
    ENGINE_ERROR = "ENGINE_ERROR"
    # the right
    HISTORIC = "HISTORIC"
    HISTORIC_IMPORT = "HISTORIC_IMPORT"
    HISTORIC_CHECK = "HISTORIC_CHECK"
    UNDER_16 = "UNDER_16"
    UNDER_13 = "UNDER_13"
    NOT_REGISTERED = "NOT_REGISTERED"
    INACTIVE = "INACTIVE"
    LEFT_PRACTICE = "LEFT_PRACTICE"
    DECEASED = "DECEASED"
    S_FLAG = "S_FLAG"
    LEVEL_NONE = "LEVEL_NONE"
    LEVEL = "LEVEL"
    AREA = "AREA"
    NO_ACCOUNT = "NO_ACCOUNT"
    DECLINED = "DECLINED"
    SUSPENDED = "SUSPENDED"
    RESOURCE_EXCLUDED = "RESOURCE_EXCLUDED"
    ADMIN = "ADMIN"
    # hidden at source or by a reviewer
    SOURCE_NOPAT = "SOURCE_NOPAT"
    SOURCE_HIDE = "SOURCE_HIDE"
    IN_ERROR = "IN_ERROR"
    GONE_AT_SOURCE = "GONE_AT_SOURCE"
    REVIEWED = "REVIEWED"
    OPINION_STALE = "OPINION_STALE"
    # not ready at source
    NOT_FILED = "NOT_FILED"
    NOT_REVIEWED = "NOT_REVIEWED"
    DRAFT = "DRAFT"
    IN_TRANSIT = "IN_TRANSIT"
    PARTIAL = "PARTIAL"
    DELAYED = "DELAYED"
    # a person must look
    BACKDATED = "BACKDATED"
    FUTURE_DATED = "FUTURE_DATED"
    DATE_UNKNOWN = "DATE_UNKNOWN"
    ACCESS_REVIEW = "ACCESS_REVIEW"
    ACCESS_CODE = "ACCESS_CODE"
    UNKNOWN_LABEL = "UNKNOWN_LABEL"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    UNKNOWN_READINESS = "UNKNOWN_READINESS"
    UNKNOWN_FLAG = "UNKNOWN_FLAG"
    CONF = "CONF"
    STAFF_PRIVATE = "STAFF_PRIVATE"
    SAFEGUARDING = "SAFEGUARDING"
    THIRD_PARTY = "THIRD_PARTY"
    ORIGINATOR = "ORIGINATOR"
    COURT = "COURT"
    MISFILED = "MISFILED"
    TEXT_HINT = "TEXT_HINT"
    IDENTITY_CHANGE = "IDENTITY_CHANGE"
    LINKED = "LINKED"
    RULE_CHANGE = "RULE_CHANGE"
    # proxies
    PROXY_UNKNOWN = "PROXY_UNKNOWN"
    PROXY_AGE = "PROXY_AGE"
    PROXY_16 = "PROXY_16"
    PROXY_ENDED = "PROXY_ENDED"
    PROXY_SENSITIVE = "PROXY_SENSITIVE"
    PR_CHANGE = "PR_CHANGE"
    PROXY_STALE = "PROXY_STALE"
    SUBJECT_WISH = "SUBJECT_WISH"
    # release with whole elements dropped
    FREE_TEXT_DROPPED = "FREE_TEXT_DROPPED"
    ATTACHMENT_DROPPED = "ATTACHMENT_DROPPED"
    POINTERS_DROPPED = "POINTERS_DROPPED"


INTEGRITY = frozenset(
    {
        Reason.IDENTITY,
        Reason.CONFLICT,
        Reason.WRONG_PATIENT,
        Reason.STATE_UNKNOWN,
        Reason.BODY_MISMATCH,
        Reason.ENGINE_ERROR,
    }
)
"""Reasons whose HELD outranks every other outcome."""
