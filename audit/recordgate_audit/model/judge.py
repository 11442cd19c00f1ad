"""The whole page in its order: histories, facts, reasons, review, relatives, outcome."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from recordgate_audit.model.facts import Facts, Grant
from recordgate_audit.model.gather import gather_facts
from recordgate_audit.model.history import Entries, Entry, read_history
from recordgate_audit.model.outcome import Judgement, judgement, outcome_of
from recordgate_audit.model.question import Asked, Question
from recordgate_audit.model.readiness import readiness_of_relatives
from recordgate_audit.model.reasons import reasons
from recordgate_audit.model.relatives import Surviving, shared_reasons
from recordgate_audit.model.review import after_review, review_in_force


def decide_history(
    events: Sequence[Mapping[str, Any]], ruleset: Mapping[str, Any], now: datetime
) -> dict[tuple[str, str], Judgement]:
    """Return what has to come out, by entry id and audience, for a history of one patient.

    `events` are JSON objects: `{"at", "position", "control"}`, `{"at", "position", "unreadable": true}`, or
    `{"at", "entry", "body_mismatch", "text_hint"}`. A control without `position` has its place among the
    controls, from 0. `now` must carry a time zone. Malformed events raise KeyError or ValueError.
    """
    history = read_history(events)
    facts = gather_facts(history, ruleset)
    audiences: dict[str, Grant | None] = {"self": None}
    audiences |= {f"proxy:{grant_id}": grant for grant_id, grant in facts.grants.items()}
    return {
        (entry_id, audience): judged
        for audience, grant in audiences.items()
        for entry_id, judged in _Audience(audience, grant, facts, ruleset, now)
        .judge(history.entries)
        .items()
    }


class _Audience:
    """One audience's view of a history."""

    def __init__(
        self,
        name: str,
        grant: Grant | None,
        facts: Facts,
        ruleset: Mapping[str, Any],
        now: datetime,
    ) -> None:
        self._name = name
        self._grant = grant
        self._facts = facts
        self._ruleset = ruleset
        self._now = now

    def judge(self, entries: Entries) -> dict[str, Judgement]:
        """Return the judgement of every entry."""
        own = {entry_id: self._own_reasons(entry) for entry_id, entry in entries.items()}
        shared = shared_reasons(entries, self._after_review(own, entries), self._facts)
        unready = readiness_of_relatives(entries, self._ruleset)
        with_relatives = {
            entry_id: [*found, *unready[entry_id], *shared[entry_id]]
            for entry_id, found in own.items()
        }
        surviving = self._after_review(with_relatives, entries)
        outcomes = {entry_id: outcome_of(asked) for entry_id, asked in surviving.items()}
        return {
            entry_id: judgement(entry, surviving[entry_id], outcomes)
            for entry_id, entry in entries.items()
        }

    def _own_reasons(self, entry: Entry) -> list[Asked]:
        return reasons(Question(entry, self._grant, self._facts, self._ruleset, self._now))

    def _after_review(self, found: Surviving, entries: Entries) -> dict[str, list[Asked]]:
        return {
            entry_id: self._reviewed(asked, entries[entry_id]) for entry_id, asked in found.items()
        }

    def _reviewed(self, asked: Sequence[Asked], entry: Entry) -> list[Asked]:
        review = review_in_force(self._facts.reviews, entry, self._name, self._ruleset)
        return after_review(asked, entry, review, self._ruleset, self._now)
