"""Kafka and PostgreSQL without installing them: for tests, the demo and a single machine.

Not for production: one broker without replicas, and no password on the broker's loopback port.
Others on the machine cannot read the data folder, but they can speak to that port.
"""

from pathlib import Path

from recordgate_runtime.embedded import kafka, postgres
from recordgate_runtime.embedded.addresses import (
    DATABASES,
    Addresses,
    addresses,
    create_databases,
    settle_addresses,
)
from recordgate_runtime.embedded.errors import (
    AlreadyRunningError,
    JarMissingError,
    JarRefusedError,
    ServiceFailedError,
)
from recordgate_runtime.embedded.running import Running, run
from recordgate_runtime.embedded.service import Service, become

__all__ = [
    "DATABASES",
    "Addresses",
    "AlreadyRunningError",
    "JarMissingError",
    "JarRefusedError",
    "Running",
    "Service",
    "ServiceFailedError",
    "addresses",
    "become",
    "create_databases",
    "prepare_services",
    "run",
    "settle_addresses",
]


def prepare_services(folder: Path) -> tuple[Service, Service]:
    """Return Kafka and PostgreSQL of `folder`, ready to run."""
    return kafka.prepare(folder), postgres.prepare(folder)
