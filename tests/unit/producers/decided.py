"""What the patient of a small Bundle is shown, decided by the rules."""

from collections.abc import Mapping
from datetime import UTC, datetime

from recordgate_producers.fhir import Extract
from recordgate_schemas.values import SELF, OdsCode
from recordgate_streams import ruleset
from recordgate_streams.decider.history import Event, decide_history
from recordgate_streams.decider.record import ControlEvent
from recordgate_streams.policy.decision import Decision
from tests.support.builders import accepted, access, control, registered

NOW = datetime(2026, 10, 1, tzinfo=UTC)
RULES = ruleset.current()
PRACTICE = OdsCode("Y90003")


def decided(*records: Extract) -> Mapping[str, Decision]:
    """What the patient is shown after these records, by `Type/id`."""
    controls = [control(registered(practice=PRACTICE)), control(access(practice=PRACTICE))]
    events: list[Event] = []
    for record in records:
        controls += record.hides
        events += [accepted(entry) for entry in record.entries]
    events += [ControlEvent(NOW, place, one) for place, one in enumerate(controls)]
    found = decide_history(events, RULES, NOW).decisions
    return {e.split(":")[2]: one for (e, audience), one in found.items() if audience == SELF}


def outcomes(*records: Extract) -> dict[str, str]:
    return {
        key.split("/")[1]: f"{one.outcome} {one.headline or ''}".rstrip()
        for key, one in decided(*records).items()
    }
