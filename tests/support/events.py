"""Events given as data, as `recordgate decide-file` reads them from a file."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from recordgate_streams.decider.history import Event, RulesetActivated
from recordgate_streams.golden.scenario import parse_lines


def parse_events(objects: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return events given as plain JSON objects."""
    found = parse_lines(map(json.dumps, objects), "events")
    return [one for one in found if not isinstance(one, RulesetActivated)]
