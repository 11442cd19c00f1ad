"""Makes a failing case small: events, their fields and the rules go back to the baseline while it still fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.histories.cases import Case
from tests.histories.words import Event, entry, ruleset

Fails = Callable[[Case], bool]


def shrink(case: Case, fails: Fails) -> Case:
    """Return a smaller case that still fails; none of its single steps towards the baseline does."""
    while True:
        smaller = next((one for one in _steps(case) if fails(one)), None)
        if smaller is None:
            return case
        case = smaller


def _steps(case: Case) -> Iterator[Case]:
    for place in range(len(case.events)):
        yield replace(case, events=case.events[:place] + case.events[place + 1 :])
    for place, event in enumerate(case.events):
        for plainer in _plainer(event):
            yield replace(case, events=[*case.events[:place], plainer, *case.events[place + 1 :]])
    plain = ruleset()
    for name, value in case.ruleset.items():
        if value != plain[name]:
            yield replace(case, ruleset=case.ruleset | {name: plain[name]})
    for name in ("switches", "numbers"):
        for key, value in case.ruleset[name].items():
            if value != plain[name][key]:
                part = case.ruleset[name] | {key: plain[name][key]}
                yield replace(case, ruleset=case.ruleset | {name: part})


def _plainer(event: Event) -> Iterator[Event]:
    """The event with one thing less."""
    for name in ("body_mismatch", "text_hint"):
        if event.get(name):
            yield event | {name: False}
    if "entry" in event:
        for said in _plainer_entry(event["entry"]):
            yield event | {"entry": said}
    elif "control" in event:
        change = event["control"]["change"]
        for name, value in change.items():
            for less in _less(value):
                said = event["control"] | {"change": change | {name: less}}
                yield event | {"control": said}


def _plainer_entry(said: Event) -> Iterator[Event]:
    plain = entry(said["entry_id"], content="one")["entry"]
    for name, value in said.items():
        if value != plain[name]:
            yield said | {name: plain[name]}
        for less in _less(value):
            yield said | {name: less}


def _less(value: Any) -> Iterator[Any]:
    """A list with one item less."""
    if isinstance(value, list):
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]
