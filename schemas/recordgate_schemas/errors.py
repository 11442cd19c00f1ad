"""The error tree of the product, named for what the caller does next.

RecordgateError
├── RetryableError    the same call may succeed later: wait and try again
├── PoisonError       this record can never be understood: set it aside (quarantine), go on with the next
│   └── InvalidValue  a value that breaks its own rule (check digit, pattern, range)
├── UsageError        the user can correct it: wrong option, wrong file
└── FatalError        going on could lose or leak something: stop the process, follow the runbook

Messages name the field, the rule and the way out. They never carry the value: it may identify a patient.
"""


class RecordgateError(Exception):
    """Root of every error Recordgate raises on purpose."""


class RetryableError(RecordgateError):
    """A service was not reachable or busy; the same call may succeed later."""


class PoisonError(RecordgateError):
    """A record that cannot be understood; it is quarantined, counted and never shown."""


class InvalidValue(PoisonError):
    """A single value breaks its rule; the message names field and rule, never the value."""


class UsageError(RecordgateError):
    """The request cannot be carried out as given; the message explains how to correct it."""


class FatalError(RecordgateError):
    """An invariant does not hold; the process must end before it does harm."""
