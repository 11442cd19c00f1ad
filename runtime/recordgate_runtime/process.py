"""How every long-running process ends: an unexpected error is logged without its message and becomes an exit code."""

import sys
from collections.abc import Callable
from enum import IntEnum

from recordgate_runtime.logs import LogCode, log, quiet_libraries, where
from recordgate_runtime.postgres import DatabaseAway
from recordgate_schemas.errors import FatalError, RecordgateError, RetryableError, UsageError


class ExitCode(IntEnum):
    """What a Recordgate command returns to its caller (README.md, "Exit status of every command")."""

    OK = 0
    FINDING = 1
    """Something was found or refused; everything else went through."""

    USAGE = 2
    """A wrong option, path or setting."""

    DEPENDENCY_DOWN = 4
    """Kafka or PostgreSQL is not reachable or too busy; repeating the command does no harm."""

    SAFETY = 6
    """A safety check failed: the process stopped rather than lose or leak."""

    CRASHED = 70
    """An unexpected error."""


def run_process(main: Callable[[], None]) -> None:
    """Run a process to its end and exit with the status that names the reason."""
    quiet_libraries()
    try:
        main()
    except RecordgateError as error:
        log(LogCode.FATAL, error=type(error).__name__, advice=str(error))
        sys.exit(exit_code(error))
    except Exception as error:  # noqa: BLE001  last resort: log where it happened, never the message, and end
        log(LogCode.CRASHED, error=type(error).__name__, where=where(error))
        sys.exit(exit_code(error))


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit status for an error that ended a command or a process."""
    match error:
        case UsageError():
            return ExitCode.USAGE
        case RetryableError() | DatabaseAway():
            return ExitCode.DEPENDENCY_DOWN
        case FatalError():
            return ExitCode.SAFETY
        case RecordgateError():
            return ExitCode.FINDING
        case _:
            return ExitCode.CRASHED
