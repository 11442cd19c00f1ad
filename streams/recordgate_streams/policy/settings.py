"""What the rules read of a ruleset: switches, numbers, practices, and the tables of labels and codes.

Made from the bundle's files by recordgate_streams.ruleset; meaning, choices and sources stand beside each value there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from recordgate_schemas.entry import Kind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import OdsCode


class Ask(StrEnum):
    """What a label, code or switch asks of an audience."""

    RELEASE = "release"
    HOLD = "hold"
    WITHHOLD = "withhold"


OUTCOMES = {Ask.HOLD: Outcome.HELD, Ask.WITHHOLD: Outcome.WITHHELD}
"""The outcome each asks for; `release` asks for none."""


class Signal(StrEnum):
    """What a code states about the whole patient, beyond the entry that carries it."""

    CHILD_SAFEGUARDING = "child_safeguarding"
    PARENTAL = "parental"
    REVIEW_104 = "review_104"
    REVIEW_106 = "review_106"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a label or a code set asks of the patient and of proxies, and the reason given. `source`: its name."""

    source: str
    reason: Reason
    of_self: Ask
    of_proxies: Ask


@dataclass(frozen=True, slots=True)
class Switches:
    """Choices that reasonable practices differ on (domain reference, section 8)."""

    on_104_suspend_view: bool
    backdated_hold: bool
    re_opt_in_restart: bool
    access_code_entries: Ask
    level_lowered_retract: bool
    defer_partial_reports: bool
    not_ready_hold: bool
    needs_account: bool
    child_safeguarding_suspends_proxies: bool
    proxy_review_age_hold: bool
    text_hints: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """Ages in years, tolerances and delays in days, the life of an opinion in months."""

    result_tolerance_days: int
    proxy_review_age: int
    proxy_stop_age: int
    proxy_unused_years: int
    opinion_months: int
    abnormal_delay_days: int


@dataclass(frozen=True, slots=True)
class Practice:
    """What one practice chose. `areas_off`: kinds it shows to nobody unless the patient's own setting says so."""

    go_live: date
    areas_off: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Everything a rule may be configured with. Dates are Europe/London days.

    `codes`: by code, the treatments of all sets that have it as a member; `signals`: by code, likewise.
    """

    switches: Switches
    numbers: Numbers
    everywhere: Practice
    practices: Mapping[OdsCode, Practice]
    labels: Mapping[str, Treatment]
    codes: Mapping[str, tuple[Treatment, ...]]
    signals: Mapping[str, frozenset[Signal]]
    clinician_reasons: frozenset[Reason]
    clinician_roles: frozenset[str]
    hint_phrases: tuple[str, ...] = ()

    def practice(self, code: OdsCode) -> Practice:
        """Return what a practice chose, or what holds everywhere."""
        return self.practices.get(code, self.everywhere)
