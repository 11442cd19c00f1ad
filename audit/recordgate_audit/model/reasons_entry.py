"""Section 3, what the entry itself says: hidden, kinds, readiness, labels, codes and flags."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from recordgate_audit.model.question import (
    DEFERRED,
    HELD,
    NOT_ELIGIBLE,
    WITHHELD,
    Answers,
    Asked,
    Question,
)

_UNREADY = {
    "draft": "DRAFT",
    "unfiled": "NOT_FILED",
    "unreviewed": "NOT_REVIEWED",
    "awaiting_filing": "NOT_REVIEWED",
    "in_transit": "IN_TRANSIT",
}
_FINAL_IS_NOT_ENOUGH = {
    "test_result": "NOT_FILED",
    "report": "NOT_FILED",
    "test_group": "NOT_FILED",
    "document": "NOT_REVIEWED",
}
_MARKED_HELD = {
    "court": "COURT",
    "complaint": "MISFILED",
    "adoption": "IDENTITY_CHANGE",
    "moved_from_other_patient": "WRONG_PATIENT",
    "confidential_to_staff": "STAFF_PRIVATE",
}
_MARKED_WITHHELD_FROM_PROXIES = {
    "originator_controlled": "ORIGINATOR",
    "safeguarding": "SAFEGUARDING",
    "alleged_perpetrator": "SAFEGUARDING",
}


def hidden(q: Question) -> Answers:
    """SOURCE_NOPAT, SOURCE_HIDE, IN_ERROR, WRONG_PATIENT, GONE_AT_SOURCE."""
    entry_id = q.entry.entry_id
    labelled = any(code == "NOPAT" for _, code in q.entry.labels)
    if labelled or q.facts.is_hidden(entry_id, "nopat"):
        yield Asked("SOURCE_NOPAT", WITHHELD, suppresses=True)
    flagged = q.entry.online_visibility == "hidden"
    if flagged or q.facts.is_hidden(entry_id, "do_not_display"):
        yield Asked("SOURCE_HIDE", WITHHELD, suppresses=True)
    if q.facts.is_hidden(entry_id, "in_error"):
        yield Asked("IN_ERROR", WITHHELD)
    if q.facts.is_hidden(entry_id, "wrong_patient"):
        yield Asked("WRONG_PATIENT", WITHHELD, suppresses=True)
    if q.facts.gone_at_source(q.entry):
        yield Asked("GONE_AT_SOURCE", WITHHELD)


def kinds(q: Question) -> Answers:
    """RESOURCE_EXCLUDED, ADMIN, UNKNOWN_KIND, ACCESS_CODE."""
    match q.entry.kind:
        case "diary":
            yield Asked("RESOURCE_EXCLUDED", NOT_ELIGIBLE)
        case "admin_task":
            yield Asked("ADMIN", NOT_ELIGIBLE)
        case "unknown":
            yield Asked("UNKNOWN_KIND", HELD)
        case "access_code" if q.switch("access_code_entries") == "hold":
            yield Asked("ACCESS_CODE", HELD)
        case "access_code" if q.switch("access_code_entries") == "withhold":
            yield Asked("ACCESS_CODE", WITHHELD)


def readiness(q: Question) -> Answers:
    """DRAFT, NOT_FILED, NOT_REVIEWED, IN_TRANSIT, PARTIAL, IN_ERROR, UNKNOWN_READINESS, DELAYED."""
    entry = q.entry
    not_ready = HELD if q.switch("not_ready") == "hold" else DEFERRED
    if entry.readiness in _UNREADY:
        yield Asked(_UNREADY[entry.readiness], not_ready)
    filed_alone = entry.kind == "test_result" and q.switch("partial_reports") == "release_filed"
    if entry.readiness == "partial" and not filed_alone:
        yield Asked("PARTIAL", not_ready)
    if entry.readiness == "final" and entry.kind in _FINAL_IS_NOT_ENOUGH:
        yield Asked(_FINAL_IS_NOT_ENOUGH[entry.kind], not_ready)
    if entry.readiness == "in_error":
        yield Asked("IN_ERROR", WITHHELD)
    if entry.readiness == "unknown":
        yield Asked("UNKNOWN_READINESS", HELD)
    if _delayed(q):
        yield Asked("DELAYED", not_ready)


def _delayed(q: Question) -> bool:
    days = q.number("abnormal_delay_days")
    finished_at = q.entry.available_at or q.entry.recorded_at or q.entry.extracted_at
    if days <= 0 or "abnormal" not in q.entry.markers:
        return False
    return q.now - finished_at < timedelta(hours=24 * days)


def labels(q: Question) -> Answers:
    """What the label table says of each label but NOPAT; UNKNOWN_LABEL."""
    for _, code in q.entry.labels:
        if code == "NOPAT":
            continue
        if code in q.ruleset["labels"]:
            yield from _listed(q, q.ruleset["labels"][code])
        else:
            yield Asked("UNKNOWN_LABEL", HELD, suppresses=True)


def codes(q: Question) -> Answers:
    """What each code set says that has one of the entry's codes."""
    for _, code in q.entry.codes:
        for code_set in q.ruleset["code_sets"]:
            if code in code_set["members"]:
                yield from _listed(q, code_set)


def _listed(q: Question, listed: Mapping[str, Any]) -> Answers:
    match listed["self" if q.is_self else "proxy"]:
        case "hold":
            yield Asked(listed["reason"], HELD, suppresses=True)
        case "withhold":
            yield Asked(listed["reason"], WITHHELD, suppresses=True)


def flags(q: Question) -> Answers:
    """STAFF_PRIVATE, UNKNOWN_FLAG, THIRD_PARTY, what markers say, TEXT_HINT."""
    entry = q.entry
    if entry.staff_private and entry.online_visibility == "unset":
        yield Asked("STAFF_PRIVATE", HELD, suppresses=True)
    if entry.online_visibility == "unknown" or "unknown" in entry.markers:
        yield Asked("UNKNOWN_FLAG", HELD, suppresses=True)
    if entry.third_party in {"present", "unknown"}:
        yield Asked("THIRD_PARTY", HELD, suppresses=True)
    yield from _markers(q)
    if q.switch("text_hints") and ("text_hint" in entry.markers or entry.text_hint):
        yield Asked("TEXT_HINT", HELD, suppresses=True)


def _markers(q: Question) -> Answers:
    for marker, reason in _MARKED_HELD.items():
        if marker in q.entry.markers:
            yield Asked(reason, HELD, suppresses=True)
    for marker, reason in _MARKED_WITHHELD_FROM_PROXIES.items():
        if marker in q.entry.markers:
            yield Asked(reason, HELD if q.is_self else WITHHELD, suppresses=True)
    if "alleged_perpetrator" in q.entry.markers:
        yield Asked("THIRD_PARTY", HELD, suppresses=True)
