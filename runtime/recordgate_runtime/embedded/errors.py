"""What can go wrong with an embedded service, as leaves of the product's error tree.

UsageError      AlreadyRunningError   stop the other process, or choose another folder
                NoAccountError        start as a normal user
RetryableError  JarMissingError       a jar could not be fetched: check the network
                ServiceFailedError    it did not come up: the message holds the end of its log
FatalError      JarRefusedError       a jar is not the one that was locked
"""

from recordgate_schemas.errors import FatalError, RetryableError, UsageError


class AlreadyRunningError(UsageError):
    """Another process is running the service of this folder."""


class NoAccountError(UsageError):
    """We are root, and there is no account to run PostgreSQL as."""


class JarMissingError(RetryableError):
    """A jar is neither here nor could be fetched."""


class ServiceFailedError(RetryableError):
    """A service ended, or did not become ready, or could not be set up."""


class JarRefusedError(FatalError):
    """A jar does not have the sha256 that the lock demands."""
