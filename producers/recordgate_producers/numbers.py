"""NHS numbers given by the publisher, for records that carry none or an invalid one.

SAFETY: one number given for several files speaks for one patient only; a second patient under it is refused, or two
records would be merged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from recordgate_producers.fhir.tree import nodes, text
from recordgate_schemas.errors import InvalidValue, PoisonError, UsageError
from recordgate_schemas.values import NhsNumber


@dataclass(slots=True)
class Numbers:
    """Numbers by Patient id, and one for the first patient that is not listed."""

    by_patient: dict[str, NhsNumber] = field(default_factory=dict)
    single: NhsNumber | None = None
    _single_for: str | None = None

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

    def number_for(self, patient: str) -> NhsNumber | None:
        """Return the number given for a patient; None if the record's own is to be used."""
        if patient in self.by_patient or self.single is None:
            return self.by_patient.get(patient)
        if self._single_for not in (None, patient):
            raise PoisonError(
                "another patient than the file before: one NHS number was given, and records are never"
                " merged; give a file of `Patient-id number` lines"
            )
        self._single_for = patient
        return self.single


def patient_id(document: Any) -> str:
    """Return the id of the first Patient in a document; empty if there is none."""
    found = nodes(document, "entry", "resource")
    return next(
        (text(one, "id") or "" for one in found if one.get("resourceType") == "Patient"), ""
    )
