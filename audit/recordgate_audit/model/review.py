"""Section 4: what a person's review adds, or lifts."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from recordgate_audit.model.days import day, months_after
from recordgate_audit.model.history import Change, Control, Entry
from recordgate_audit.model.outcome import INTEGRITY
from recordgate_audit.model.question import HELD, RELEASED, RELEASED_REDACTED, WITHHELD, Asked


def after_review(
    found: Sequence[Asked],
    entry: Entry,
    review: Change | None,
    ruleset: Mapping[str, Any],
    now: datetime,
) -> list[Asked]:
    """Return the reasons that stand once the review in force is heard."""
    if review is None:
        return list(found)
    same = _matches(review, entry)
    if review["action"] == "release":
        return _lifted(found, entry, review, ruleset) if same else list(found)
    if not same:
        return [*found, Asked("REVIEWED", HELD, suppresses=True)]
    stale = [Asked("OPINION_STALE", WITHHELD)] if _opinion_is_stale(review, ruleset, now) else []
    return [*found, Asked("REVIEWED", WITHHELD, suppresses=True), *stale]


def _matches(review: Change, entry: Entry) -> bool:
    """Whether it was given for this practice, version and body; which body, nobody can say of an entry in conflict."""
    same_body = base64.b64decode(review["body_sha256"]) == entry.body_sha256
    same = (review["practice"], review["entry_version"]) == (entry.practice, entry.version)
    return bool(same and (same_body or entry.conflict))


def review_in_force(
    reviews: Sequence[Control], entry: Entry, audience: str, ruleset: Mapping[str, Any]
) -> Change | None:
    """Return the review that counts for this entry and audience, if any does."""
    about = [
        control
        for control in reviews
        if (control.change["entry_id"], control.change["audience"]) == (entry.entry_id, audience)
    ]
    own = [control for control in about if control.change["practice"] == entry.practice]
    release = _latest([c for c in own if _counts_as_release(c.change, ruleset)])
    withholdings = _latest_of_each_practice([c for c in about if _counts_as_withholding(c)])
    if not withholdings:
        return None if release is None else release.change
    if release is not None and _settles(release, withholdings, entry):
        return release.change
    first = withholdings.get(entry.practice) or _latest(list(withholdings.values()))
    return None if first is None else first.change


def _settles(release: Control, withholdings: Mapping[str, Control], entry: Entry) -> bool:
    """Whether a release is later than every withholding, was given in their knowledge, and matches."""
    return _matches(release.change, entry) and all(
        release.counts_from > one.counts_from and release.change["control_position"] >= one.position
        for one in withholdings.values()
    )


def _latest_of_each_practice(reviews: Sequence[Control]) -> dict[str, Control]:
    found: dict[str, list[Control]] = {}
    for one in reviews:
        found.setdefault(one.change["practice"], []).append(one)
    return {practice: max(some, key=_when) for practice, some in found.items()}


def _counts_as_release(review: Change, ruleset: Mapping[str, Any]) -> bool:
    return bool(review["action"] == "release" and review["ruleset"] == ruleset["hash"])


def _counts_as_withholding(stated: Control) -> bool:
    review = stated.change
    if review["action"] != "withhold":
        return False
    return review["ground"] != "serious_harm" or _had_opinion(review, day(stated.counts_from))


def _had_opinion(review: Change, decided_on: date) -> bool:
    """Whether a clinician gave an opinion in the six months up to the day of the decision."""
    if review["clinician_opinion_on"] is None:
        return False
    given_on = date.fromisoformat(review["clinician_opinion_on"])
    return given_on <= decided_on < months_after(given_on, 6)


def _latest(reviews: Sequence[Control]) -> Control | None:
    return max(reviews, key=_when, default=None)


def _when(stated: Control) -> tuple[datetime, int]:
    """At equal instants the one stated last in `controls` is the later one, whatever arrived first here."""
    return stated.counts_from, stated.position


def _opinion_is_stale(review: Change, ruleset: Mapping[str, Any], now: datetime) -> bool:
    if review["ground"] != "serious_harm":
        return False
    given_on = date.fromisoformat(review["clinician_opinion_on"])
    return months_after(given_on, ruleset["numbers"]["opinion_months"]) <= day(now)


def _lifted(
    found: Sequence[Asked], entry: Entry, review: Change, ruleset: Mapping[str, Any]
) -> list[Asked]:
    leaves_out = frozenset(review.get("leave_out", ()))
    liftable = [asked for asked in found if _can_be_lifted(asked)]
    lifts = (
        bool(liftable)
        and all(asked.reason in review["reasons"] for asked in liftable)
        and not any(asked.reason in INTEGRITY for asked in liftable)
        and _role_suffices(liftable, review, ruleset)
        and all(any(part.kind == kind for part in entry.elements) for kind in leaves_out)
    )
    if not lifts:
        return list(found)
    others = [asked for asked in found if not _can_be_lifted(asked)]
    outcome = RELEASED_REDACTED if leaves_out else RELEASED
    return [*others, Asked("REVIEWED", outcome, leaves_out=leaves_out)]


def _can_be_lifted(asked: Asked) -> bool:
    return asked.outcome == HELD or (asked.reason, asked.outcome) == ("PROXY_SENSITIVE", WITHHELD)


def _role_suffices(liftable: Sequence[Asked], review: Change, ruleset: Mapping[str, Any]) -> bool:
    if review["reviewer_role"] in ruleset["clinician_roles"]:
        return True
    return not any(
        ruleset["reasons"].get(asked.reason, {}).get("queue") == "clinician" for asked in liftable
    )
