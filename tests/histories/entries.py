"""Random entries: of four ids, versions and contents colliding, linked to each other in any way."""

import copy
from random import Random
from typing import Any

from tests.histories.rulesets import CODES, LABELS
from tests.histories.times import DAYS, INSTANTS
from tests.histories.words import A, B, Event, body_hash, entry

IDS = ("e0", "e1", "e2", "e3")
AWAITED = "e9"
"""An id that never arrives."""

GRANTS = ("g1", "g2")
CONTENTS = ("one", "two")
KINDS = [
    "consultation",
    "problem",
    "medication",
    "allergy",
    "immunisation",
    "test_result",
    "report",
    "battery",
    "test_group",
    "document",
    "referral",
    "observation",
    "list",
    "diary",
    "admin_task",
    "access_code",
    "unknown",
]
FINISHED = {
    "test_result": "filed",
    "report": "filed",
    "test_group": "filed",
    "document": "reviewed",
}
READINESS = [
    "final",
    "draft",
    "filed",
    "unfiled",
    "reviewed",
    "unreviewed",
    "in_transit",
    "awaiting_filing",
    "partial",
    "in_error",
    "unknown",
]
MARKERS = [
    "court",
    "complaint",
    "adoption",
    "originator_controlled",
    "safeguarding",
    "alleged_perpetrator",
    "abnormal",
    "moved_from_other_patient",
    "confidential_to_staff",
    "text_hint",
    "unknown",
]
RELATIONS = ("part_of", "result_of", "about_problem", "for_medication", "listed_in", "refers_to")
ELEMENTS = ("free_text", "title", "attachment", "child")
POINTERS = ("/note", "/presentedForm/0", "/component/1", "/a~1b")
RELATED_KINDS = [
    "consultation",
    "problem",
    "test_result",
    "report",
    "battery",
    "test_group",
    "observation",
    "list",
    "document",
]
"""Of these it matters which one names which."""

CHANGES = (0, 0, 0, 0, 1, 1, 2, 4)
"""How many fields of the baseline differ."""


def random_entries(rng: Random) -> list[Event]:
    """One to six entry events, sometimes of one id; sometimes one differs only in one field from another."""
    events = [_one(rng, entry_id) for entry_id in rng.sample(IDS, rng.randint(1, len(IDS)))]
    if rng.random() < 0.2:
        events.append(_one(rng, rng.choice(IDS)))
    if rng.random() < 0.2:
        events.append(_almost_again(rng, rng.choice(events)))
    return events


def _one(rng: Random, entry_id: str) -> Event:
    kind = rng.choice(rng.choice((RELATED_KINDS, KINDS[:13], KINDS[:13], KINDS)))
    fields: dict[str, Any] = {"kind": kind, "readiness": FINISHED.get(kind, "final")}
    fields["version"] = rng.choice((1, 1, 1, 1, 1, 2, 2, 3))
    fields["content"] = "two" if rng.random() < 0.05 else "one"
    if rng.random() < 0.6:
        fields["links"] = _links(rng)
    if rng.random() < 0.5:
        fields["elements"] = _elements(rng)
    for _ in range(rng.choice(CHANGES)):
        name = rng.choice(_NAMES)
        fields[name] = _CHANGES[name](rng)
    return entry(entry_id, **fields)


def _almost_again(rng: Random, event: Event) -> Event:
    again = copy.deepcopy(event)
    if rng.random() < 0.2:
        return again | {rng.choice(("body_mismatch", "text_hint")): rng.random() < 0.5}
    changes = {
        "extracted_at": rng.choice(INSTANTS),
        "version": rng.choice((1, 2, 3)),
        "body_sha256": body_hash(rng.choice(CONTENTS)),
        "staff_private": rng.random() < 0.5,
        "practice": rng.choice((A, B)),
    }
    name = rng.choice(list(changes))
    again["entry"][name] = changes[name]
    return again


def _links(rng: Random) -> list[tuple[str, str]]:
    return [
        (rng.choice(RELATIONS), rng.choice((*IDS, *IDS, AWAITED))) for _ in range(rng.randint(1, 2))
    ]


def _elements(rng: Random) -> list[tuple[str, str, str | None]]:
    return [
        (
            rng.choice(ELEMENTS),
            rng.choice(POINTERS),
            rng.choice((*IDS, AWAITED)) if rng.random() < 0.4 else None,
        )
        for _ in range(rng.randint(1, 3))
    ]


def _some(rng: Random, pool: Any) -> list[Any]:
    return [rng.choice(pool) for _ in range(rng.choice((1, 1, 2)))]


_CHANGES: dict[str, Any] = {
    "practice": lambda _: B,
    "system": lambda _: "tpp",
    "kind": lambda rng: rng.choice(KINDS),
    "readiness": lambda rng: rng.choice(READINESS),
    "event_date": lambda rng: rng.choice((None, *DAYS)),
    "recorded_at": lambda rng: rng.choice((None, None, None, None, *INSTANTS)),
    "available_at": lambda rng: rng.choice((None, *INSTANTS)),
    "extracted_at": lambda rng: rng.choice(INSTANTS),
    "origin": lambda rng: rng.choice(("local", "transfer", "correspondence", "unknown")),
    "hide_tags_trusted": lambda rng: rng.random() < 0.5,
    "labels": lambda rng: _some(rng, (*LABELS, "NOPAT", "x")),
    "codes": lambda rng: _some(rng, CODES),
    "markers": lambda rng: _some(rng, (*MARKERS, "abnormal", "abnormal")),
    "online_visibility": lambda rng: rng.choice(("unset", "shown", "hidden", "unknown")),
    "staff_private": lambda rng: rng.random() < 0.8,
    "third_party": lambda rng: rng.choice(("none", "clinician_only", "present", "unknown")),
    "not_for_grants": lambda rng: _some(rng, GRANTS),
    "body_mismatch": lambda rng: rng.random() < 0.5,
    "text_hint": lambda rng: rng.random() < 0.8,
}
_NAMES = (
    *_CHANGES,
    "codes",
    "codes",
    "labels",
    "markers",
    "recorded_at",
    "event_date",
    "readiness",
)
