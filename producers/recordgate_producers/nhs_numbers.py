"""NHS numbers given by the publisher, for records that carry none or an invalid one.

SAFETY: one number given for several files is used for one patient only; a second patient under it is refused, or two
records would be merged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from recordgate_producers.fhir.patient import NHS_NUMBER
from recordgate_producers.fhir.tree import nodes, text
from recordgate_schemas.errors import InvalidValue, PoisonError, UsageError
from recordgate_schemas.values import NhsNumber


class PatientIdentity(NamedTuple):
    """What distinguishes patients in a run: the Patient's id and the number written there, valid or not."""

    patient: str
    written: str


@dataclass(slots=True)
class GivenNumbers:
    """Numbers by Patient id, and one for the first patient that is not listed."""

    by_patient: dict[str, NhsNumber] = field(default_factory=dict)
    single: NhsNumber | None = None
    _single_for: PatientIdentity | None = None

    @classmethod
    def read(cls, lines: Iterable[str]) -> Self:
        """Read `number` or `Patient-id number` lines; raise UsageError naming the line, never the number."""
        numbers = cls()
        for place, line in enumerate(lines, start=1):
            words = line.split()
            if len(words) == 2:
                numbers.add(place, *words)
            elif words:
                numbers.add(place, "", "".join(words))
        return numbers

    @classmethod
    def read_file(cls, file: Path) -> Self:
        """Read a file of such lines; raise UsageError when it cannot be read."""
        try:
            return cls.read(file.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"--nhs-number-file {file}: cannot be read as text") from None

    def add(self, place: int, patient: str, written: str) -> None:
        """Add one number; raise UsageError if it is none, or the second without a Patient id."""
        try:
            number = NhsNumber.parse(written)
        except InvalidValue as error:
            raise UsageError(f"NHS numbers, line {place}: {error}") from None
        if patient:
            self.by_patient[patient] = number
        elif self.single is None:
            self.single = number
        else:
            raise UsageError(f"NHS numbers, line {place}: put the Patient id before the number")

    def number_for(self, who: PatientIdentity) -> NhsNumber | None:
        """Return the number given for a patient; None if the record's own is to be used."""
        if who.patient in self.by_patient or self.single is None:
            return self.by_patient.get(who.patient)
        if self._single_for not in (None, who):
            raise PoisonError(
                "another patient than the file before: one NHS number was given, and records are never"
                " merged; give a file of `Patient-id number` lines"
            )
        self._single_for = who
        return self.single


def identify(document: Any) -> PatientIdentity:
    """Return the patient that a document names; empty parts if it names none."""
    found = nodes(document, "entry", "resource")
    patient = next((one for one in found if one.get("resourceType") == "Patient"), None)
    written = [one for one in nodes(patient, "identifier") if one.get("system") == NHS_NUMBER]
    return PatientIdentity(text(patient, "id") or "", text(written, "value") or "")
