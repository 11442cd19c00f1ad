"""A process leaves with the status that names the reason, whichever thread the error came from."""

import subprocess
import sys

import psycopg
import pytest

from recordgate_runtime.process import ExitCode, run_process
from recordgate_schemas.errors import FatalError, PoisonError, RetryableError, UsageError

STATUS = [
    (FatalError("see docs/runbook/partitions.md"), ExitCode.SAFETY),
    (RetryableError("Kafka is away"), ExitCode.DEPENDENCY_DOWN),
    (UsageError("a setting is wrong"), ExitCode.USAGE),
    (PoisonError("left over"), ExitCode.FINDING),
    (psycopg.OperationalError("terminating connection"), ExitCode.DEPENDENCY_DOWN),
    (psycopg.errors.LockNotAvailable("lock timeout"), ExitCode.DEPENDENCY_DOWN),
    (ValueError("a defect"), ExitCode.CRASHED),
]
LANE = """
import asyncio
import psycopg
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_streams.engines.faust import _guarded
def work(_):
    raise {error}
asyncio.run(_guarded("entries", work, []))
"""


@pytest.mark.parametrize(("error", "status"), STATUS, ids=lambda one: type(one).__name__)
def test_a_process_leaves_with_the_status_of_its_error(
    error: Exception, status: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        run_process(fail)
    assert ended.value.code == status
    unsafe = not type(error).__module__.startswith("recordgate")
    assert not (unsafe and str(error) in capsys.readouterr().err)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("FatalError('see docs/runbook/partitions.md')", ExitCode.SAFETY),
        ("RetryableError('not confirmed by Kafka')", ExitCode.DEPENDENCY_DOWN),
        ("psycopg.OperationalError('connection lost')", ExitCode.DEPENDENCY_DOWN),
        ("ValueError('a defect')", ExitCode.CRASHED),
    ],
)
def test_a_lane_on_faust_leaves_with_the_status_of_its_error(error: str, status: ExitCode) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LANE.format(error=error)], capture_output=True, check=False
    )
    assert (ended.returncode, b'"critical"' in ended.stderr) == (status, True)
