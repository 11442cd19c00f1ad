"""Section 3, readiness that follows from relatives; the same for every audience."""

from collections.abc import Mapping
from typing import Any

from recordgate_audit.model.history import Entries, Entry
from recordgate_audit.model.kinship import REPORT_KINDS, followers, results_below
from recordgate_audit.model.question import DEFERRED, HELD, Asked

_EXPLICIT = ("test_result", "test_group", "report", "document")
"""Of these `final` is not enough."""


def readiness_of_relatives(entries: Entries, ruleset: Mapping[str, Any]) -> dict[str, set[Asked]]:
    """Return by entry id what the readiness of relatives asks for."""
    waits = HELD if ruleset["switches"]["not_ready"] == "hold" else DEFERRED
    asked: dict[str, set[Asked]] = {entry_id: set() for entry_id in entries}
    for entry in entries.values():
        if entry.kind == "consultation" and entry.readiness == "draft":
            for follower in followers(entry.entry_id, entries) & asked.keys():
                asked[follower].add(Asked("DRAFT", waits))
        if entry.kind in REPORT_KINDS:
            below = results_below(entry.entry_id, entries)
            if _is_waiting(entry) or any(_is_waiting(entries[one]) for one in below):
                defers_all = ruleset["switches"]["partial_reports"] == "defer_whole"
                for one in {entry.entry_id} | (below if defers_all else set()):
                    asked[one].add(Asked("PARTIAL", waits))
            if any(entries[one].readiness == "unknown" for one in below):
                asked[entry.entry_id].add(Asked("UNKNOWN_READINESS", HELD))
    return {
        entry_id: found if _is_finished(entries[entry_id]) else set()
        for entry_id, found in asked.items()
    }


def _is_finished(entry: Entry) -> bool:
    if entry.readiness == "final":
        return entry.kind not in _EXPLICIT
    return entry.readiness in ("filed", "reviewed")


def _is_waiting(entry: Entry) -> bool:
    return not _is_finished(entry) and entry.readiness not in ("in_error", "unknown")
