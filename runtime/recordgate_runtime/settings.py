"""Every setting, read once from the environment (prefix RECORDGATE_) and validated together.

The only file that looks at the environment. Table: docs/reference/settings.md (generated).
"""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recordgate_runtime.postgres import is_address
from recordgate_schemas.errors import UsageError

_ADDRESS = re.compile(r"([^\s:,\[\]]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")


class Settings(BaseSettings):
    """Every setting of a process. An address may stay empty where it is not needed."""

    model_config = SettingsConfigDict(env_prefix="RECORDGATE_", frozen=True, extra="ignore")

    kafka: str = Field("", description="Kafka bootstrap servers, host:port[,host:port]")
    kafka_secrets: Path | None = Field(
        None,
        description="folder with a file per Kafka user, its password, mode 0600; without it nobody signs in",
    )
    kafka_user: str = Field(
        "",
        description="Kafka user to sign in as, if not the one named after the process or command",
    )
    kafka_ca: Path | None = Field(
        None, description="certificates to trust, PEM; with them Kafka is spoken to over TLS"
    )
    ledger_dsn: str = Field(
        "", repr=False, description="PostgreSQL address of the ledger database, without a password"
    )
    view_dsn: str = Field(
        "", repr=False, description="PostgreSQL address of the view database, without a password"
    )
    review_dsn: str = Field(
        "", repr=False, description="PostgreSQL address of the review database, without a password"
    )
    home: Path = Field(Path(".recordgate"), description="folder for what processes keep in files")
    quarantine_key: Path | None = Field(
        None,
        description="file with the key of quarantined bytes, mode 0600; without it none are kept",
    )
    review_key: Path | None = Field(
        None, description="file with the private key that signs reviewers' outcomes, mode 0600"
    )
    operator_key: Path | None = Field(
        None, description="file with the private key that signs operators' controls, mode 0600"
    )
    topic_prefix: str = Field("", description="put before every topic name")
    partitions: int = Field(4, ge=1, le=512, description="partitions of every topic when created")
    replication: int = Field(1, ge=1, le=9, description="replicas of every topic when created")
    process: str = Field("recordgate", description="name of this process in logs")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="loopback port for /metrics /live /ready; 0 is off"
    )
    engine: Literal["faust", "bulk"] = Field(
        "faust", description="what runs the decider's lanes: faust, or bulk for backlogs and loads"
    )
    batch_entries: int = Field(1000, ge=1, le=10000, description="most records in one transaction")
    batch_bytes: int = Field(
        32 * 1024 * 1024,
        ge=1024,
        le=1024 * 1024 * 1024,
        description="most bytes of records in one transaction; a larger one is alone",
    )
    isolated_in_a_row: int = Field(
        10,
        ge=1,
        le=1000,
        description="most consecutive records that may be set aside; one more stops the process",
    )
    isolated_in_1000: int = Field(
        50,
        ge=1,
        le=1000,
        description="most records of a partition's last 1000 that may be set aside",
    )
    batch_wait_s: float = Field(
        0.02, gt=0, le=5, description="most seconds that lanes and sinks rest after a batch"
    )
    clock_difference_s: float = Field(
        60,
        ge=1,
        le=3600,
        description="most seconds between two clocks; the decider stops when they differ by more",
    )
    gate_lease_s: float = Field(
        15,
        ge=0.5,
        le=300,
        description="seconds after which the view is dark unless the gate is fresh",
    )
    gate_tick_s: float = Field(
        1,
        ge=0.1,
        le=60,
        description="seconds between the gate lane's ticks, a third of the lease at most",
    )
    page_entries: int = Field(500, ge=1, le=10000, description="entries re-decided in one page")
    review_due_days: int = Field(
        10, ge=1, le=20, description="working days until a hold or a task is due"
    )
    review_urgent_days: int = Field(
        2, ge=1, le=20, description="working days until an urgent task or an incident is due"
    )
    review_lease_s: int = Field(
        600, ge=30, le=3600, description="seconds a reviewer keeps an item without a sign of life"
    )
    review_undo_s: int = Field(
        30, ge=0, le=600, description="seconds in which a reviewer can undo a release"
    )

    @field_validator(
        "quarantine_key", "review_key", "operator_key", "kafka_secrets", "kafka_ca", mode="before"
    )
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        return None if value == "" else value

    def as_user(self, kafka_user: str) -> Self:
        """Return the settings of who signs in to Kafka as `kafka_user`, unless another user is configured."""
        return self if self.kafka_user else self.model_copy(update={"kafka_user": kafka_user})

    @field_validator("ledger_dsn", "view_dsn", "review_dsn")
    @classmethod
    def _is_dsn(cls, value: str) -> str:
        if not is_address(value):
            raise ValueError("is no PostgreSQL address, postgresql://user@host/database")
        return value

    @field_validator("gate_tick_s")
    @classmethod
    def _is_well_within_the_lease(cls, value: float, info: ValidationInfo) -> float:
        lease = info.data.get("gate_lease_s")
        if lease is not None and value > lease / 3:
            raise ValueError(f"is more than a third of RECORDGATE_GATE_LEASE_S, {lease:g}")
        return value

    @field_validator("kafka")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        if value and not all(_ADDRESS.fullmatch(one) for one in value.split(",")):
            raise ValueError("is not host:port[,host:port]")
        return value


class UnsetError(UsageError):
    """An address that a command needs is not set."""


@cache
def settings() -> Settings:
    """Return this process's settings; raise UsageError naming every wrong variable at once."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"RECORDGATE_{str(e['loc'][0]).upper()}: {e.get('ctx', {}).get('error', e['msg'])}"
            for e in error.errors()
        )
        raise UsageError(f"settings: {wrong}") from None


def need(value: str, name: str) -> str:
    """Return an address that must be set; raise UnsetError when it is empty."""
    if not value:
        raise UnsetError(f"{name} is not set; set it")
    return value


def environment() -> dict[str, str]:
    """Return a copy of this process's environment, for its children."""
    return dict(os.environ)  # noqa: TID251  the one file that may


def adopt(values: Mapping[str, str]) -> Settings:
    """Set variables for this process and the ones it starts, and return the settings that follow."""
    os.environ.update(values)  # noqa: TID251  the one file that may
    settings.cache_clear()
    return settings()
