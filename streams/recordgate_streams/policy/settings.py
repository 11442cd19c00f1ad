"""The switches and data of a ruleset: what practices may differ on, and the code lists rules look things up in.

Read from `ruleset.toml` by recordgate_streams.ruleset; the defaults' sources stand beside each value there.
"""

from dataclasses import dataclass
from datetime import date

from recordgate_schemas.values import OdsCode


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Everything a rule may be configured with. Dates are Europe/London days."""

    go_live: date
    go_live_by_practice: tuple[tuple[OdsCode, date], ...]
    result_tolerance_days: int
    labels_open: frozenset[str]
    labels_held: frozenset[str]
    labels_not_for_proxies: frozenset[str]

    def go_live_at(self, practice: OdsCode) -> date:
        """Return the day from which a practice's new entries are open to its patients."""
        return dict(self.go_live_by_practice).get(practice, self.go_live)
