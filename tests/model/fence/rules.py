"""The rules. A machine is given those that are switched off; docs/fence-rules.toml says what each means."""

from collections.abc import Set as AbstractSet
from enum import StrEnum


class Rule(StrEnum):
    """A rule that can be switched off; the letter is that of its machine."""

    FILLER = "A.filler"
    RETRACT = "A.retract"
    NUMBER = "A.number"
    WAIT = "A.wait"
    CHECK = "B.check"
    IN_FLIGHT = "B.in-flight"
    UNREADABLE = "B.unreadable"
    OPEN = "B.open"
    OPEN_CONTROLS = "B.open-controls"
    ENDS = "B.ends"
    UNIQUE = "B.unique"
    CLOSING = "C.closing"
    NAMES = "C.names"
    KEPT = "C.kept"
    COMPARE = "C.compare"
    PATIENT_FENCE = "D.patient-fence"
    FACTS = "D.facts"
    BOTH_LANES = "D.both-lanes"
    ALL_GENERATIONS = "D.all-generations"
    PENDING = "D.pending"
    CLOCK_AT_WRITE = "E.clock-at-write"
    CLOCK_AFTER_ASK = "E.clock-after-ask"
    CHECK_THEN_WRITE = "E.check-then-write"
    POSITION = "E.position"
    TICK = "E.tick"
    COUNT = "E.count"
    READER = "E.reader"
    CONTROLS = "F.controls"
    ENTRIES = "F.entries"
    COORDINATES = "F.coordinates"
    VERSION = "G.version"
    ARRIVAL = "G.arrival"


Off = AbstractSet[Rule]
"""Rules switched off."""

NONE: Off = frozenset()
