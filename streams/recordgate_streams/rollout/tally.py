"""Counts what a rehearsal finds, patient by patient; its size does not grow with their number."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recordgate_schemas.values import EntryId
from recordgate_streams.ledger.rules import ActiveRuleset
from recordgate_streams.rollout.rehearsal import Change, PatientComparison
from recordgate_streams.rollout.report import Count, Report, Scope, Total
from recordgate_streams.ruleset import Ruleset

EXAMPLES = 10
CONFIDENT = 1.96
"""Standard errors to either side that hold the truth in 95 of 100 samples."""

NONE_SEEN = 3.0
"""Where none of n patients shows something, at most 3/n of all do, in 95 of 100 samples."""


@dataclass(slots=True)
class _Occurrences:
    """How often something was found, and the first entries."""

    n: int = 0
    examples: list[EntryId] = field(default_factory=list)

    def add(self, entry_id: EntryId) -> None:
        self.n += 1
        if len(self.examples) < EXAMPLES and entry_id not in self.examples:
            self.examples.append(entry_id)


@dataclass(slots=True)
class _Sums:
    """Sums over patients of one change (y) and of what is released (x), for the error of their ratio."""

    y: int = 0
    yy: int = 0
    xy: int = 0


Occurrences = dict[tuple[Change, str], _Occurrences]


@dataclass(slots=True)
class Tally:
    """Holds nothing of a patient but up to ten entry ids for each change and reason or practice."""

    patients: int = 0
    decisions: int = 0
    released: int = 0
    _released_squared: int = 0
    _sums: dict[Change, _Sums] = field(default_factory=lambda: {c: _Sums() for c in Change})
    _by_reason: Occurrences = field(default_factory=dict)
    _by_practice: Occurrences = field(default_factory=dict)

    def add(self, patient: PatientComparison) -> None:
        """Count one patient."""
        self.patients += 1
        self.decisions += patient.decisions
        self.released += patient.released
        self._released_squared += patient.released**2
        for change, y in Counter(entry.change for entry in patient.changes).items():
            sums = self._sums[change]
            sums.y, sums.yy, sums.xy = sums.y + y, sums.yy + y**2, sums.xy + y * patient.released
        for entry in patient.changes:
            reason, practice = (entry.change, entry.reason), (entry.change, entry.practice)
            self._by_reason.setdefault(reason, _Occurrences()).add(entry.entry_id)
            self._by_practice.setdefault(practice, _Occurrences()).add(entry.entry_id)

    def report(
        self,
        ruleset: Ruleset,
        against: ActiveRuleset,
        at: datetime,
        scope: Scope,
        positions: Mapping[str, int],
    ) -> Report:
        """Return what was counted. `against`: the ruleset in force."""
        return Report(
            ruleset=ruleset.hash,
            engine=ruleset.engine,
            against=against.hash,
            generation=against.generation,
            at=at,
            scope=scope,
            positions=positions,
            decisions=self.decisions,
            released=self.released,
            totals={change: self._total(change, scope) for change in Change},
            by_reason=tuple(self._counted(self._by_reason)),
            by_practice=tuple(self._counted(self._by_practice)),
        )

    def _counted(self, by: Occurrences) -> Iterator[Count]:
        for (change, key), found in sorted(by.items()):
            yield Count(change, key, found.n, self._share(found.n), tuple(found.examples))

    def _share(self, n: int) -> float:
        return round(n / max(self.released, 1), 6)

    def _total(self, change: Change, scope: Scope) -> Total:
        sums = self._sums[change]
        return Total(sums.y, self._share(sums.y), round(self._error(sums, scope), 6))

    def _error(self, sums: _Sums, scope: Scope) -> float:
        """The error of a ratio estimated from a sample of patients, who have unequally many entries each.

        Cochran, Sampling Techniques, section 6.4, with the correction for a finite population; never below what none
        seen would leave open.
        """
        n = self.patients
        if n >= scope.known:
            return 0.0
        if n < 2 or not self.released:
            return 1.0
        ratio = sums.y / self.released
        spread = sums.yy - 2 * ratio * sums.xy + ratio**2 * self._released_squared
        variance = (1 - n / scope.known) * n / (n - 1) * max(spread, 0.0) / self.released**2
        return max(CONFIDENT * math.sqrt(variance), NONE_SEEN / n)
