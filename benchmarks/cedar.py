"""What a general policy engine takes for a reduced policy: cedarpy, beside decide(), over the same entries.

The reduced policy knows what most entries turn on: registration, suspension, decline, start, level, readiness, NOPAT,
third parties. decide() answers the whole rule book, with every reason; Cedar answers yes or no.
"""

from dataclasses import replace
from typing import Any

import cedarpy

from benchmarks.decide import RULES, Alone, decide_alone, ordinary_entries
from benchmarks.repeat import median_us
from recordgate_producers.simulator import simulate
from recordgate_schemas.entry import Coding
from recordgate_schemas.values import SELF
from recordgate_streams.policy.audience import LADDER, stand

POLICY = """
permit (principal, action == Action::"read", resource)
when {
  principal.registered && !principal.suspended && !principal.declined
  && resource.practice == principal.practice
  && resource.recorded >= principal.start && principal.level >= resource.needs
  && ["final", "filed", "reviewed"].contains(resource.readiness)
};
forbid (principal, action, resource) when { resource.nopat || resource.third_party };
"""


def measure(*, short: bool) -> dict[str, object]:
    """Return CPU microseconds per answer of either, and how many times longer Cedar takes."""
    patients = list(simulate(patients=50, entries_per_patient=20, seed=5))
    alone = list(ordinary_entries(patients, SELF))
    rounds = 3 if short else 11
    requests = [_request(one) for one in alone]
    _check_equivalence(alone, requests)
    cedar = median_us(lambda request: cedarpy.is_authorized(*request), requests, rounds)
    batch = median_us(lambda rs: cedarpy.is_authorized_batch(*rs), [_batch(requests)], rounds)
    ours = median_us(decide_alone, alone, rounds)
    return {
        "what": "decide() beside cedarpy on a reduced, equivalent policy",
        "how": f"CPU time, median of {rounds} rounds over {len(alone)} ordinary entries that both release",
        "numbers": {
            "decide_us": ours,
            "cedarpy_us": cedar,
            "cedarpy_over_decide": round(cedar / ours, 1),
            "cedarpy_in_a_batch_us": round(batch / len(requests), 1),
        },
    }


def _check_equivalence(alone: list[Alone], requests: list[tuple[Any, ...]]) -> None:
    """Both release what is ordinary, and neither what is marked NOPAT: or the comparison means nothing."""
    entry, facts, audience, now = alone[0]
    hidden = (replace(entry, labels=(Coding("test", "NOPAT"),)), facts, audience, now)
    released = {cedarpy.is_authorized(*request).allowed for request in requests}
    released |= {decide_alone(one).released for one in alone}
    refused = {cedarpy.is_authorized(*_request(hidden)).allowed, decide_alone(hidden).released}
    if (released, refused) != ({True}, {False}):
        raise AssertionError("the reduced policy and the rules disagree on ordinary entries")


def _batch(requests: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """All questions at once; entities of all of them together."""
    entities = {str(e["uid"]): e for _, _, mine in requests for e in mine}
    return [request for request, _, _ in requests], POLICY, list(entities.values())


def _request(asked: Alone) -> tuple[Any, ...]:
    entry, facts, audience, now = asked
    standing = stand(facts, audience, RULES.settings, now)
    window, recorded = standing.window, entry.recorded_at
    if window is None or recorded is None:
        raise AssertionError("an ordinary entry has a date, its patient a window")
    patient = {
        "registered": standing.registration is not None,
        "suspended": facts.suspended.is_on,
        "declined": standing.declined,
        "practice": entry.practice,
        "start": window.start.toordinal(),
        "level": LADDER.index(window.level),
    }
    resource = {
        "practice": entry.practice,
        "recorded": recorded.date().toordinal(),
        "needs": 2,
        "readiness": entry.readiness.value,
        "nopat": any(label.code == "NOPAT" for label in entry.labels),
        "third_party": entry.third_party.value not in ("none", "clinician_only"),
    }
    uids = (f'Patient::"{id(facts)}"', f'Entry::"{entry.entry_id}-{id(facts)}"')
    request = {"principal": uids[0], "action": 'Action::"read"', "resource": uids[1], "context": {}}
    entities = [
        {"uid": {"__entity": _uid(uid)}, "attrs": attrs, "parents": []}
        for uid, attrs in zip(uids, (patient, resource), strict=True)
    ]
    return request, POLICY, entities


def _uid(text: str) -> dict[str, str]:
    kind, _, name = text.partition("::")
    return {"type": kind, "id": name.strip('"')}
