"""Counts judged decisions: a tally for each group, and the causes of holds."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.holding_case import GP_TYPES, PATIENT, Judged, resource_type
from recordgate_schemas.entry import Kind, ThirdParty
from recordgate_schemas.reasons import Outcome, Reason

TARGET = 0.002
"""Largest share of ordinary entries that may be held for the patient (reference domain, section 6)."""

EXAMPLES = 2
ONSETS = frozenset({Kind.PROBLEM, Kind.ALLERGY})
"""Kinds whose clinical date is when something began, not when it was recorded."""


@dataclass(slots=True)
class Tally:
    """Decisions of one group and one audience.

    `open`: ordinary entries that the audience has a right to, so all but NOT_ELIGIBLE; `over`: those of them that are
    held. `linked`: held for relatives alone. `affected`: held or withheld by the cascade.
    """

    entries: int = 0
    held: int = 0
    open: int = 0
    over: int = 0
    linked: int = 0
    affected: int = 0
    without_references: int = 0

    def add(self, one: Judged) -> None:
        """Count one decision."""
        is_open = one.is_ordinary and one.decision.outcome is not Outcome.NOT_ELIGIBLE
        self.entries += 1
        self.held += one.is_held
        self.open += is_open
        self.over += is_open and one.is_held
        self.linked += one.is_linked
        self.affected += not one.decision.released and any(
            "relative" in o.because for o in one.decision.objections
        )
        self.without_references += one.loses_references

    @property
    def rate(self) -> float:
        """Share of open ordinary entries that are held; 0 when there are none."""
        return self.over / self.open if self.open else 0.0


@dataclass(slots=True)
class Cause:
    """One cause of holds: how many, how many of them ordinary, their kinds and populations, and a few ids."""

    held: int = 0
    over: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    populations: set[str] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    def add(self, one: Judged) -> None:
        """Count one hold."""
        self.held += 1
        self.over += one.is_ordinary
        self.kinds[one.entry.kind.value] += 1
        self.populations.add(one.case.population)
        if len(self.examples) < EXAMPLES and one.entry.entry_id not in self.examples:
            self.examples.append(one.entry.entry_id)


Group = Callable[[Judged], str]
Tallies = Mapping[tuple[str, str], Tally]


def tally(judged: Iterable[Judged], group: Group) -> Tallies:
    """Return a tally for each group and audience."""
    found: dict[tuple[str, str], Tally] = {}
    for one in judged:
        found.setdefault((group(one), one.who), Tally()).add(one)
    return found


def causes(judged: Iterable[Judged], who: str) -> Mapping[tuple[str, str], Cause]:
    """Return the causes of holds, by headline and circumstance, most frequent first."""
    found: dict[tuple[str, str], Cause] = {}
    for one in judged:
        if one.is_held and one.who == who:
            found.setdefault(cause_of(one), Cause()).add(one)
    return dict(sorted(found.items(), key=lambda item: (-item[1].held, item[0])))


def cause_of(one: Judged) -> tuple[str, str]:
    """Return the headline of a hold, and the circumstance that separates causes with the same headline."""
    reason, entry = one.decision.headline, one.entry
    if resource_type(entry) not in GP_TYPES:
        return str(reason), "a type no GP system sends"
    if reason is Reason.BACKDATED:
        return str(reason), "an onset" if entry.kind in ONSETS else "a clinical date"
    if reason is Reason.THIRD_PARTY:
        present = entry.third_party is ThirdParty.PRESENT
        return str(reason), "stated by the source" if present else "no subject"
    return str(reason), ""


def over_held(judged: Iterable[Judged]) -> list[str]:
    """Return the ordinary entries held for the patient, each with its reasons."""
    return [
        f"{one.case.population}: {one.entry.entry_id} ({one.entry.kind}): {_reasons(one)}"
        for one in judged
        if one.who == PATIENT and one.is_ordinary and one.is_held
    ]


def other_outcomes(judged: Iterable[Judged]) -> Counter[str]:
    """Return the headlines of ordinary entries that are neither shown to the patient nor held."""
    return Counter(
        str(one.decision.headline)
        for one in judged
        if one.who == PATIENT and one.is_ordinary and not one.is_held and not one.decision.released
    )


def _reasons(one: Judged) -> str:
    held = (o.reason for o in one.decision.objections if o.outcome is Outcome.HELD)
    return ", ".join(dict.fromkeys(held))
