"""Invented patients as a practice has them, with unusual entries at stated rates; one seed gives the same patients.

The mix of kinds follows the national estimate that docs/performance.md uses (per consultation: three coded items, three
and a half prescription items, under two results, half a document, one other). The rates of unusual entries are
assumptions; nobody publishes them. They are in RATES and on the page of results.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from benchmarks.holding_case import GENERATED, NOW, Case
from recordgate_producers.fhir import (
    Extract,
    Given,
    PublishedRegistration,
    extract,
    registration_controls,
)
from recordgate_producers.simulator import never_issued
from recordgate_schemas.control import (
    AccessDeclined,
    AccessReviewCoded,
    Change,
    Control,
    Level,
    ProxyGranted,
    ReviewCode,
)
from recordgate_schemas.entry import ClinicalEntry, ThirdParty
from recordgate_schemas.values import GrantId, NhsNumber, OdsCode
from tests.support.samples.resources import (
    Json,
    bundle,
    concept,
    consultation,
    labelled,
    observation,
    quantity,
    ref,
    resource,
)

RATES: dict[str, tuple[float, str]] = {
    "declined": (0.005, "patients who declined access"),
    "review_104": (0.005, "patients with a 104 code"),
    "safeguarding": (0.005, "patients with one entry that carries a child-safeguarding code"),
    "moved_in": (0.10, "patients registered within the last year"),
    "teen_access": (0.20, "13- to 15-year-olds with access granted by the practice"),
    "child_proxy": (0.40, "under-16s with a proxy"),
    "adult_proxy": (0.02, "adults with a proxy"),
    "draft": (0.005, "consultations not saved"),
    "nopat_visit": (0.005, "consultations labelled NOPAT"),
    "nopat_item": (0.001, "coded items labelled NOPAT"),
    "nopat_result": (0.001, "results labelled NOPAT"),
    "third_item": (0.001, "coded items with another person's words or facts"),
    "third_letter": (0.01, "documents about, or from, another person"),
    "unread_letter": (0.05, "documents not reviewed yet"),
    "unfiled": (0.03, "results not filed yet"),
    "in_error": (0.002, "coded items entered in error"),
    "recall": (0.05, "other entries that are diary entries"),
    "old_onset": (0.10, "new problems and allergies with an onset before the window"),
}
"""Name: share, and of what."""

PRACTICES = tuple(OdsCode(f"Y9001{place}") for place in range(4))
_YEAR = 365
_ITEMS = (("271649006", "Systolic blood pressure"), ("27113001", "Body weight"))
_CHILD = ("836881000000105", "Child is cause for safeguarding concern")


def practice(patients: int, seed: int = 7) -> Iterator[Case]:
    """Yield `patients` invented patients of four practices, each with up to eight consultations of the last year."""
    rng = random.Random(seed)  # noqa: S311  invented data, not a secret
    for place, number in zip(range(patients), never_issued(), strict=False):
        yield _Person(rng, place, number).case()


@dataclass(slots=True)
class _Person:
    rng: random.Random
    place: int
    number: NhsNumber

    def case(self) -> Case:
        born = NOW.date() - timedelta(days=self.rng.randrange(90 * _YEAR))
        at = PRACTICES[self.place % len(PRACTICES)]
        resources = [one for nth in range(self.rng.randrange(9)) for one in self._visit(nth)]
        made = bundle(
            NOW.isoformat(),
            self.number.digits,
            born.isoformat(),
            ("Invented", "Person"),
            *resources,
            *self._safeguarding(),
        )
        record = extract(made, Given(practice=at))
        entries = tuple(_with_third_party(entry) for entry in record.entries)
        controls = (*self._registered(record, born), *self._stated(record, born), *record.hides)
        sex = self.rng.choice(("female", "male"))
        return Case(GENERATED, at, born, sex, entries, controls)

    def happens(self, what: str) -> bool:
        return self.rng.random() < RATES[what][0]

    def _visit(self, nth: int) -> Iterator[Json]:
        day = NOW - timedelta(days=1 + self.rng.randrange(_YEAR), minutes=self.rng.randrange(400))
        at, name = day.isoformat(), f"v{nth}"
        items = [self._item(f"{name}-item-{n}", at, name) for n in range(3)]
        listed = [f"Observation/{one['id']}" for one in items]
        visit = consultation(name, at, "Surgery consultation", *listed)
        if self.happens("draft"):
            visit = consultation(name, at, "Surgery consultation", *listed, status="in-progress")
        yield labelled(visit[0]) if self.happens("nopat_visit") else visit[0]
        yield visit[1]
        yield from items
        yield from self._drugs(name, at)
        yield from self._report(name, at)
        if self.rng.random() < 0.5:
            yield self._letter(f"{name}-letter", at)
        yield self._other(f"{name}-other", at, day)

    def _item(self, name: str, at: str, visit: str) -> Json:
        third = "-third" if self.happens("third_item") else ""
        status = "entered-in-error" if self.happens("in_error") else "final"
        made = observation(
            name + third,
            at,
            self.rng.choice(_ITEMS),
            status=status,
            context=ref("Encounter", visit),
            comment="Invented remark.",
            valueQuantity=quantity(self.rng.randrange(50, 150), "1"),
        )
        return labelled(made) if self.happens("nopat_item") else made

    def _drugs(self, name: str, at: str) -> Iterator[Json]:
        for n in range(self.rng.choice((0, 1, 1, 2))):
            plan = f"{name}-drug-{n}"
            drug = {"medicationCodeableConcept": concept("322236009", "Invented tablets")}
            order = {"status": "active", "authoredOn": at, **drug}
            on = [ref("MedicationRequest", plan)]
            yield resource("MedicationRequest", plan, intent="plan", **order)
            yield resource(
                "MedicationRequest", f"{plan}-issue", intent="order", basedOn=on, **order
            )
            yield resource("MedicationStatement", f"{plan}-s", status="active", taken="unk",
                           dateAsserted=at, basedOn=on, **drug)  # fmt: skip

    def _report(self, name: str, at: str) -> Iterator[Json]:
        names = [f"{name}-result-{n}" for n in range(self.rng.choice((0, 0, 2, 3, 4)))]
        if not names:
            return
        yield resource("DiagnosticReport", f"{name}-report", status="final", issued=at,
                       code=concept("721981007", "Diagnostic studies report"),
                       conclusion="Invented conclusion.",
                       result=[ref("Observation", one) for one in names])  # fmt: skip
        for one in names:
            status = "preliminary" if self.happens("unfiled") else "final"
            made = observation(one, at, ("1000661000000107", "Serum sodium level"), status=status,
                               valueQuantity=quantity(140, "mmol/L"))  # fmt: skip
            yield labelled(made) if self.happens("nopat_result") else made

    def _letter(self, name: str, at: str) -> Json:
        third = "-third" if self.happens("third_letter") else ""
        stage = "preliminary" if self.happens("unread_letter") else None
        attachment = {"contentType": "text/plain", "data": "SW52ZW50ZWQgbGV0dGVyLg=="}
        return resource("DocumentReference", name + third, status="current", docStatus=stage,
                        type={"text": "Letter"}, created=at, indexed=at,
                        content=[{"attachment": attachment}])  # fmt: skip

    def _other(self, name: str, at: str, day: datetime) -> Json:
        onset = "2015" if self.happens("old_onset") else day.date().isoformat()
        stated = {"clinicalStatus": "active", "assertedDate": at, "onsetDateTime": onset}
        kind = self.rng.choice(("problem", "allergy", "vaccine", "request", "request"))
        if kind == "problem":
            return resource("Condition", name, code=concept("195967001", "Asthma"), **stated)
        if kind == "allergy":
            return resource("AllergyIntolerance", name, code=concept("91936005", "Allergy"),
                            verificationStatus="confirmed", **stated)  # fmt: skip
        if kind == "vaccine":
            return resource("Immunization", name, status="completed", notGiven=False, date=at,
                            vaccineCode=concept("46233009", "Influenza vaccine"), primarySource=True)  # fmt: skip
        intent = "plan" if self.happens("recall") else "order"
        return resource("ProcedureRequest", name, status="active", intent=intent, authoredOn=at,
                        code=concept("26604007", "Full blood count"))  # fmt: skip

    def _safeguarding(self) -> Iterator[Json]:
        if self.happens("safeguarding"):
            at = NOW - timedelta(days=self.rng.randrange(1, _YEAR))
            yield observation("concern", at.isoformat(), _CHILD)

    def _registered(self, record: Extract, born: date) -> tuple[Control, ...]:
        late = self.rng.randrange(1, _YEAR) if self.happens("moved_in") else 6 * _YEAR
        since = max(born, NOW.date() - timedelta(days=late))
        teen = 13 * _YEAR + 4 <= (NOW.date() - born).days < 16 * _YEAR
        own = since if teen and self.happens("teen_access") else None
        return registration_controls(
            record, PublishedRegistration(since, Level.FULL, practice_grant_from=own)
        )

    def _stated(self, record: Extract, born: date) -> Iterator[Control]:
        at, grown = record.patient.practice, (NOW.date() - born).days >= 16 * _YEAR
        changes: list[Change] = []
        if self.happens("adult_proxy" if grown else "child_proxy"):
            granted = NOW.date() - timedelta(days=_YEAR)
            changes.append(ProxyGranted(GrantId("g1"), at, Level.FULL, granted, None, None, None))
        if self.happens("review_104"):
            changes.append(AccessReviewCoded(ReviewCode.NEEDED_104))
        if self.happens("declined"):
            changes.append(AccessDeclined())
        stated_at = NOW - timedelta(days=self.rng.randrange(1, _YEAR))
        for change in changes:
            name = f"{self.place}-{type(change).__name__}"
            yield Control(name, record.patient.nhs_number, stated_at, "generated", change)


def _with_third_party(entry: ClinicalEntry) -> ClinicalEntry:
    """FHIR has no field for a third party; a system that publishes events itself sets it in the envelope."""
    third = entry.entry_id.endswith("-third")
    return replace(entry, third_party=ThirdParty.PRESENT) if third else entry
