"""One patient's record with its controls, as `benchmarks.holding` decides it, and which of its entries are ordinary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from recordgate_producers.fhir.labels import UNREADABLE
from recordgate_schemas.control import (
    AccessDeclined,
    AccessReviewCoded,
    AccessSuspended,
    Control,
    EntryHidden,
)
from recordgate_schemas.entry import ClinicalEntry, Kind, Marker, Origin, Readiness, Visibility
from recordgate_schemas.entry import ThirdParty as Third
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF
from recordgate_streams import ruleset
from recordgate_streams.bodies.check import body_mismatch
from recordgate_streams.decider.history import Event, decide_history
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, EntryAudience, Source
from recordgate_streams.policy.decision import Decision, Integrity

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
"""The instant of all decisions, the same in every run."""

PATIENT, PROXY = "patient", "proxy"
SAMPLES, SIMULATED, GENERATED = "bundled samples", "simulator", "generated practices"
UK_CORE = "UK Core shapes"
"""Populations that come with the project."""
RULES = ruleset.current()
GP_TYPES = frozenset(
    {
        "AllergyIntolerance",
        "CarePlan",
        "Condition",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "Immunization",
        "List",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Procedure",
        "ProcedureRequest",
        "QuestionnaireResponse",
        "ReferralRequest",
        "ServiceRequest",
    }
)
"""Types GP records have (reference domain, section 4, and GP Connect). Not the extractor's list, so that a type missing
there shows here."""

_DONE = frozenset({Readiness.FINAL, Readiness.FILED, Readiness.REVIEWED, Readiness.UNKNOWN})
_NEVER_ORDINARY = frozenset({Kind.DIARY, Kind.ADMIN_TASK, Kind.ACCESS_CODE})
_ABOUT_THE_PATIENT = (AccessDeclined, AccessReviewCoded, AccessSuspended)
_SENSITIVE = RULES.settings.codes.keys() | RULES.settings.signals.keys()


@dataclass(frozen=True, slots=True)
class Case:
    """One patient: entries, controls in the order of their positions, and what to group by."""

    population: str
    practice: str
    birth_date: date
    sex: str
    entries: tuple[ClinicalEntry, ...]
    controls: tuple[Control, ...]

    @property
    def age(self) -> int:
        """Completed years on the day of decision."""
        today = NOW.date()
        born = self.birth_date
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @property
    def age_group(self) -> str:
        """The age groups that the access rules distinguish, then decades."""
        groups = ((13, "under 13"), (16, "13-15"), (18, "16-17"), (20, "18-19"))
        decade = self.age // 10 * 10
        return next((name for end, name in groups if self.age < end), f"{decade}-{decade + 9}")


@dataclass(frozen=True, slots=True)
class Judged:
    """One decision of a case, for the patient or for one proxy, and whether the entry is ordinary."""

    case: Case
    who: str
    entry: ClinicalEntry
    decision: Decision
    is_ordinary: bool

    @property
    def is_held(self) -> bool:
        """Whether the entry is held for this audience."""
        return self.decision.outcome is Outcome.HELD

    @property
    def is_linked(self) -> bool:
        """Whether the entry is held for relatives alone: without the cascade it would not be held."""
        asking = {o.reason for o in self.decision.objections if o.outcome is Outcome.HELD}
        return self.is_held and asking == {Reason.LINKED}

    @property
    def loses_references(self) -> bool:
        """Whether references to entries that this audience is not shown were dropped."""
        return any(o.reason is Reason.POINTERS_DROPPED for o in self.decision.objections)


def judge(case: Case) -> Iterator[Judged]:
    """Decide a case. Patients under 13 have no access of their own, so only their proxies count."""
    entries = {entry.entry_id: entry for entry in case.entries}
    normal = is_ordinary_patient(case)
    hidden = {c.change.entry_id for c in case.controls if isinstance(c.change, EntryHidden)}
    for (entry_id, audience), decision in _decide(case).items():
        if audience != SELF or case.age >= 13:
            entry = entries[entry_id]
            ordinary = normal and entry_id not in hidden and is_ordinary(entry)
            yield Judged(case, PATIENT if audience == SELF else PROXY, entry, decision, ordinary)


def _decide(case: Case) -> dict[EntryAudience, Decision]:
    return decide_history(_events(case), RULES, NOW).decisions


def is_ordinary_patient(case: Case) -> bool:
    """Return whether neither the controls nor the record hold a decline, a suspension or a 104."""
    excluded = any(isinstance(c.change, _ABOUT_THE_PATIENT) for c in case.controls)
    return not excluded and all(entry.kind is not Kind.ACCESS_CODE for entry in case.entries)


def is_ordinary(entry: ClinicalEntry) -> bool:
    """Return whether no published rule asks a person to look: judged by the entry alone, never by the decision.

    An entry stays ordinary without a date or patient, with a status, kind or content that is not understood, with a
    consultation that cannot be identified, and with a suppressed relative: a hold for any of these counts against us.
    """
    # these two are made by the extractor, not by the source
    labels = set(entry.labels) - {UNREADABLE}
    markers = set(entry.markers) - {Marker.UNKNOWN}
    return (
        resource_type(entry) in GP_TYPES
        and entry.readiness in _DONE
        and entry.kind not in _NEVER_ORDINARY
        and entry.origin is Origin.LOCAL
        and not labels
        and all(coding.code not in _SENSITIVE for coding in entry.codes)
        and markers <= {Marker.ABNORMAL}
        and entry.third_party is not Third.PRESENT
        and entry.online_visibility in (Visibility.UNSET, Visibility.SHOWN)
        and not entry.staff_private
        and not entry.not_for_grants
        and not _is_backdated(entry)
    )


def resource_type(entry: ClinicalEntry) -> str:
    """Return the FHIR type an entry's id names."""
    return entry.entry_id.split(":", 2)[-1].partition("/")[0]


def _is_backdated(entry: ClinicalEntry) -> bool:
    """Whether it was recorded in the window about a day before go-live, or in the future (golden rows 5 and 37)."""
    live = RULES.settings.everywhere.go_live
    if entry.recorded_at is None or entry.event_date is None:
        return False
    in_window = entry.recorded_at.date() >= live
    return entry.recorded_at > NOW or (in_window and entry.event_date < live)


def _events(case: Case) -> Sequence[Event]:
    before = NOW - timedelta(hours=1)
    controls = [ControlEvent(before, place, one) for place, one in enumerate(case.controls)]
    source = Source(0, 0, NOW)
    entries = (
        AcceptedEntry(one, Integrity(body_mismatch=body_mismatch(one)), source)
        for one in case.entries
    )
    return [*controls, *entries]
