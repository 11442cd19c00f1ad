"""What a rehearsal found: counts, shares and examples by reason and by practice. Never an NHS number, never text."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import rfc8785
from pydantic import TypeAdapter

from recordgate_schemas.values import OdsCode
from recordgate_streams.rollout.rehearsal import Change


@dataclass(frozen=True, slots=True)
class Scope:
    """Which patients: all, a random sample, or those ever registered at one practice. `known`: all there are."""

    kind: Literal["whole", "sample", "practice"]
    patients: int
    known: int
    seed: str = ""
    practice: OdsCode | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How often a change was found, as a share of what is released now, and the sample error of that share."""

    n: int
    share: float
    error: float

    @property
    def at_most(self) -> float:
        """The share, at the upper end of what the sample allows."""
        return self.share + self.error


@dataclass(frozen=True, slots=True)
class Count:
    """A change with one headline, or at one practice; `examples` are entry ids."""

    change: Change
    key: str
    n: int
    share: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A rehearsal of `ruleset` against the decisions in force under `against` and its generation, at an instant.

    An entry counts once for each audience. `positions`: how far the ledger had read, by topic/partition.
    """

    ruleset: str
    engine: str
    against: str
    generation: int
    at: datetime
    scope: Scope
    positions: Mapping[str, int]
    decisions: int
    released: int
    totals: Mapping[Change, Total]
    by_reason: tuple[Count, ...]
    by_practice: tuple[Count, ...]


_REPORT = TypeAdapter(Report)


def report_data(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON-able data."""
    data: dict[str, Any] = _REPORT.dump_python(report, mode="json")
    return data


def report_from(data: Any) -> Report:
    """Return the report that was stored as data."""
    return _REPORT.validate_python(data)


def rehearsal_digest(document: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the canonical JSON, RFC 8785, of the ruleset and all that its rehearsal found."""
    return hashlib.sha256(rfc8785.dumps([document, data])).hexdigest()
