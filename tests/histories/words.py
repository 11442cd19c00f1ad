"""Histories in plain JSON: the baseline patient and entry of the golden rows, and a ruleset in plain data.

Nothing of Recordgate's is imported: the reference model and production are both given exactly this.
"""

import base64
import hashlib
from typing import Any

Event = dict[str, Any]
Ruleset = dict[str, Any]

NHS_NUMBER = "9990000018"
A, B = "A82038", "B81001"
BEGINNING = "2024-01-01T09:00:00+00:00"

SWITCHES: dict[str, tuple[Any, ...]] = {
    "on_104": ("hold_new", "suspend_view"),
    "backdated": ("hold", "release"),
    "re_opt_in": ("restart", "resume"),
    "access_code_entries": ("hold", "withhold", "release"),
    "on_level_lowered": ("retract", "new_only"),
    "partial_reports": ("defer_whole", "release_filed"),
    "not_ready": ("defer", "hold"),
    "needs_account": (False, True),
    "child_safeguarding_suspends_proxies": (True, False),
    "on_proxy_review_age": ("hold", "release"),
    "text_hints": (False, True),
}
"""Every switch with its words, the default first."""

NUMBERS = {
    "result_tolerance_days": 90,
    "proxy_review_age": 11,
    "proxy_stop_age": 13,
    "proxy_unused_years": 5,
    "opinion_months": 6,
    "abnormal_delay_days": 0,
}
LABELS = {
    "N": {"self": "release", "proxy": "release", "reason": "CONF"},
    "R": {"self": "release", "proxy": "withhold", "reason": "CONF"},
    "V": {"self": "hold", "proxy": "withhold", "reason": "CONF"},
    "SDV": {"self": "hold", "proxy": "withhold", "reason": "SAFEGUARDING"},
}
CODES = {
    "sti": "1064961000000107",
    "violence": "342191000000101",
    "child": "836881000000105",
    "care-order": "375041000000100",
    "104": "1364731000000104",
    "106": "1364751000000106",
    "103": "1290331000000103",
}
"""Concept ids whose check digits hold; what a test calls them need not be what they mean."""


def code_set(name: str, for_self: str, for_proxies: str, reason: str, signal: str = "") -> Event:
    """A code set with the one code of this name."""
    asks = {"self": for_self, "proxy": for_proxies, "reason": reason}
    return {"id": name, **asks, "signal": signal, "members": [CODES[name]]}


CODE_SETS = [
    code_set("sti", "release", "withhold", "PROXY_SENSITIVE"),
    code_set("violence", "hold", "withhold", "SAFEGUARDING"),
    code_set("child", "hold", "withhold", "SAFEGUARDING", "child_safeguarding"),
    code_set("care-order", "release", "release", "PR_CHANGE", "parental"),
    code_set("104", "hold", "hold", "ACCESS_CODE", "review_104"),
    code_set("106", "release", "release", "ACCESS_CODE", "review_106"),
    code_set("103", "release", "release", "ACCESS_CODE", "declined"),
]
CLINICIANS_HOLDS = ("SAFEGUARDING", "ORIGINATOR", "COURT", "PROXY_SENSITIVE")


def ruleset(**changes: Any) -> Ruleset:
    """The default ruleset with some switches and numbers, or whole parts, changed."""
    data: Ruleset = {
        "hash": "rules-1",
        "switches": {name: words[0] for name, words in SWITCHES.items()},
        "numbers": dict(NUMBERS),
        "go_live": "2023-10-31",
        "practices": {},
        "labels": LABELS,
        "code_sets": CODE_SETS,
        "reasons": {reason: {"queue": "clinician"} for reason in CLINICIANS_HOLDS},
        "clinician_roles": ["gp"],
    }
    for name, value in changes.items():
        part = next((data[p] for p in ("switches", "numbers") if name in data[p]), data)
        part[name] = value
    return data


def control(change: str, effective_at: str = BEGINNING, **fields: Any) -> Event:
    """A control event; `at` (or the effective time) is when the broker had it, `position` may be given."""
    outer = {name: fields.pop(name) for name in ("position",) if name in fields}
    at = fields.pop("at", effective_at)
    said = {
        "control_id": "-".join(["c", change, effective_at, *map(str, outer.values())]),
        "nhs_number": NHS_NUMBER,
        "effective_at": effective_at,
        "source": "test",
        "change": {"type": change, **fields},
    }
    return {"at": at, **outer, "control": said}


def registered(effective_at: str = BEGINNING, **changes: Any) -> Event:
    """P0's registration: at A since 2020-03-01, born 1985-01-15."""
    fields = {
        "practice": A,
        "registered_on": "2020-03-01",
        "birth_date": "1985-01-15",
        "registration": "regular",
        "verification": "verified",
    }
    return control("Registered", effective_at, **(fields | changes))


def access(effective_at: str = BEGINNING, **changes: Any) -> Event:
    """P0's access: full at A, nothing historic."""
    fields = {
        "practice": A,
        "level": "full",
        "effective_from": None,
        "historic": None,
        "practice_grant_from": None,
    }
    return control("AccessLevelSet", effective_at, **(fields | changes))


def granted(effective_at: str = BEGINNING, **changes: Any) -> Event:
    """A proxy grant g1: full at A since 2024-01-01, without end."""
    fields = {
        "grant_id": "g1",
        "practice": A,
        "level": "full",
        "granted_on": "2024-01-01",
        "until": None,
        "historic": None,
        "renewed_at_age": None,
    }
    return control("ProxyGranted", effective_at, **(fields | changes))


def hidden(entry_id: str, cause: str, effective_at: str = BEGINNING, related: Any = ()) -> Event:
    """A hide."""
    return control(
        "EntryHidden", effective_at, entry_id=entry_id, related=list(related), cause=cause
    )


def reviewed(action: str, effective_at: str, **changes: Any) -> Event:
    """A review of e0 in version 1 for the patient, by a GP who had seen every control."""
    fields = {
        "entry_id": "e0",
        "practice": A,
        "audience": "self",
        "action": action,
        "ground": "checked",
        "reasons": [],
        "entry_version": 1,
        "body_sha256": body_hash("e0"),
        "control_position": 1_000,
        "ruleset": "rules-1",
        "reviewer_role": "gp",
        "clinician_opinion_on": None,
        "leave_out": [],
    }
    return control("Reviewed", effective_at, **(fields | changes))


def body_hash(content: str) -> str:
    """The hash of a body that is nothing but this word."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def entry(entry_id: str = "e0", **changes: Any) -> Event:
    """E0: a final consultation recorded at A on 2025-06-02.

    `links` are (relation, id), `elements` (kind, pointer, id), `labels` codes, `codes` their names above.
    """
    facts: Event = {f: changes.pop(f) for f in ("body_mismatch", "text_hint") if f in changes}
    changes["labels"] = [_coding(code) for code in changes.get("labels", ())]
    changes["codes"] = [_coding(CODES.get(name, name)) for name in changes.get("codes", ())]
    changes["links"] = [
        {"relation": relation, "entry_id": named} for relation, named in changes.get("links", ())
    ]
    changes["elements"] = [
        {"kind": kind, "pointer": pointer, "entry_id": named}
        for kind, pointer, named in changes.get("elements", ())
    ]
    content = changes.pop("content", entry_id)
    said = {
        "entry_id": entry_id,
        "version": 1,
        "nhs_number": NHS_NUMBER,
        "practice": A,
        "system": "emis",
        "kind": "consultation",
        "readiness": "final",
        "event_date": "2025-06-02",
        "recorded_at": "2025-06-02T10:30:00+00:00",
        "available_at": "2025-06-02T10:30:00+00:00",
        "extracted_at": "2025-06-02T11:30:00+00:00",
        "origin": "local",
        "hide_tags_trusted": True,
        "markers": [],
        "online_visibility": "unset",
        "staff_private": False,
        "third_party": "none",
        "not_for_grants": [],
        "body_type": "application/fhir+json",
        "body_sha256": body_hash(content),
    }
    return {"at": "2025-06-02T12:00:00+00:00", "entry": said | changes, **facts}


def _coding(code: str) -> Event:
    return {"system": "urn:test", "code": code}


P0 = [registered(), access()]
E0 = entry()
