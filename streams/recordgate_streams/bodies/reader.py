"""What the lanes ask about bodies, as one value that a lane is given."""

from collections.abc import Iterable

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_streams.bodies.check import body_mismatch
from recordgate_streams.bodies.redact import redact


class BodyReader:
    """Reads FHIR bodies. Tests of the lanes give them one that reads made-up bodies."""

    def mismatch(self, entry: ClinicalEntry) -> bool:
        """Return True when the body is not what the envelope describes, or cannot be read."""
        return body_mismatch(entry)

    def redact(
        self,
        entry: ClinicalEntry,
        body: bytes,
        drop: frozenset[ElementKind],
        pointers: Iterable[str],
    ) -> bytes:
        """Return the body without the elements of these kinds, and without the references at these JSON pointers."""
        return redact(entry, body, drop, pointers)
