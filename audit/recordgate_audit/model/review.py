"""Section 4: what a person's review adds, or lifts."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from recordgate_audit.model.days import day, months_after
from recordgate_audit.model.history import Change, Control, Entry
from recordgate_audit.model.outcome import INTEGRITY
from recordgate_audit.model.question import HELD, RELEASED, WITHHELD, Asked


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
        return _lifted(found, review, ruleset) if same else list(found)
    if not same:
        return [*found, Asked("REVIEWED", HELD, suppresses=True)]
    stale = [Asked("OPINION_STALE", WITHHELD)] if _opinion_is_stale(review, ruleset, now) else []
    return [*found, Asked("REVIEWED", WITHHELD, suppresses=True), *stale]


def _matches(review: Change, entry: Entry) -> bool:
    """Whether it was given for this version and body; which body, nobody can say of an entry in conflict."""
    same_body = base64.b64decode(review["body_sha256"]) == entry.body_sha256
    return bool(review["entry_version"] == entry.version and (same_body or entry.conflict))


def review_in_force(
    reviews: Sequence[Control], entry: Entry, audience: str, ruleset: Mapping[str, Any]
) -> Change | None:
    """Return the review that counts for this entry and audience, if any does."""
    about = [
        control
        for control in reviews
        if (control.change["entry_id"], control.change["audience"]) == (entry.entry_id, audience)
    ]
    release = _latest([c for c in about if _counts_as_release(c.change, ruleset)])
    withholding = _latest([c for c in about if _counts_as_withholding(c.change)])
    if release is None or withholding is None:
        only = release or withholding
        return None if only is None else only.change
    later = release.counts_from > withholding.counts_from
    had_seen_it = release.change["control_position"] >= withholding.position
    in_force = later and had_seen_it and _matches(release.change, entry)
    return release.change if in_force else withholding.change


def _counts_as_release(review: Change, ruleset: Mapping[str, Any]) -> bool:
    return bool(review["action"] == "release" and review["ruleset"] == ruleset["hash"])


def _counts_as_withholding(review: Change) -> bool:
    if review["action"] != "withhold":
        return False
    return review["ground"] != "serious_harm" or review["clinician_opinion_on"] is not None


def _latest(reviews: Sequence[Control]) -> Control | None:
    """The latest; at equal instants the one stated last in `controls`, whatever arrived first here."""
    return max(reviews, key=lambda stated: (stated.counts_from, stated.position), default=None)


def _opinion_is_stale(review: Change, ruleset: Mapping[str, Any], now: datetime) -> bool:
    if review["ground"] != "serious_harm":
        return False
    given_on = date.fromisoformat(review["clinician_opinion_on"])
    return months_after(given_on, ruleset["numbers"]["opinion_months"]) <= day(now)


def _lifted(found: Sequence[Asked], review: Change, ruleset: Mapping[str, Any]) -> list[Asked]:
    liftable = [asked for asked in found if _can_be_lifted(asked)]
    lifts = (
        bool(liftable)
        and all(asked.reason in review["reasons"] for asked in liftable)
        and not any(asked.reason in INTEGRITY for asked in liftable)
        and _role_suffices(liftable, review, ruleset)
    )
    if not lifts:
        return list(found)
    others = [asked for asked in found if not _can_be_lifted(asked)]
    return [*others, Asked("REVIEWED", RELEASED)]


def _can_be_lifted(asked: Asked) -> bool:
    return asked.outcome == HELD or (asked.reason, asked.outcome) == ("PROXY_SENSITIVE", WITHHELD)


def _role_suffices(liftable: Sequence[Asked], review: Change, ruleset: Mapping[str, Any]) -> bool:
    if review["reviewer_role"] in ruleset["clinician_roles"]:
        return True
    return not any(
        ruleset["reasons"].get(asked.reason, {}).get("queue") == "clinician" for asked in liftable
    )
