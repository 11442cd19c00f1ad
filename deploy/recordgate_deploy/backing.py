"""The embedded Kafka and PostgreSQL as two more processes, for when no addresses are configured.

Apart from `processes.py` because it needs the extra `embedded` to be installed.
"""

import signal
from functools import partial
from pathlib import Path

from recordgate_deploy.processes import Group, ProcessCommand, recordgate_argv
from recordgate_runtime.embedded import kafka, postgres


def backing_services(folder: Path) -> tuple[ProcessCommand, ...]:
    """Return the commands of both services; `recordgate embedded` finds `folder` by itself."""
    return (
        ProcessCommand(
            name="postgres",
            argv=recordgate_argv("embedded", "postgres"),
            group=Group.POSTGRES,
            stop_signal=signal.SIGINT,  # fast: SIGTERM would wait for every client to leave
            ready=partial(postgres.answers, folder),
        ),
        ProcessCommand(
            name="kafka",
            argv=recordgate_argv("embedded", "kafka"),
            group=Group.KAFKA,
            ready=partial(kafka.answers, folder),
        ),
    )
