"""Section 3, proxies: each grant for itself."""

from datetime import date

from recordgate_audit.model.days import day, years_after
from recordgate_audit.model.facts import Grant
from recordgate_audit.model.history import optional_date
from recordgate_audit.model.question import HELD, NOT_ELIGIBLE, WITHHELD, Answers, Asked, Question


def proxies(q: Question) -> Answers:
    """PROXY_ENDED, PROXY_16, PROXY_AGE, PROXY_STALE, LEFT_PRACTICE, PR_CHANGE, SAFEGUARDING, SUBJECT_WISH."""
    grant = q.grant
    if grant is None:
        return
    until = optional_date(grant.change["until"])
    if grant.ended or (until is not None and until < q.today):
        yield Asked("PROXY_ENDED", NOT_ELIGIBLE)
    yield from _ages(q, grant)
    if _unused_until(q, grant) <= q.today:
        yield Asked("PROXY_STALE", NOT_ELIGIBLE)
    if q.facts.current is not None and q.facts.current.practice != grant.change["practice"]:
        yield Asked("LEFT_PRACTICE", NOT_ELIGIBLE)
    yield from _signals(q, grant)
    if grant.grant_id in q.entry.not_for_grants:
        yield Asked("SUBJECT_WISH", WITHHELD, suppresses=True)


def _ages(q: Question, grant: Grant) -> Answers:
    if _granted_before_birthday(q, grant, 16):
        yield Asked("PROXY_16", NOT_ELIGIBLE)
    elif _outgrown(q, grant, q.number("proxy_stop_age")):
        yield Asked("PROXY_AGE", NOT_ELIGIBLE)
    elif q.switch("on_proxy_review_age") == "hold" and _outgrown(
        q, grant, q.number("proxy_review_age")
    ):
        yield Asked("PROXY_AGE", HELD)


def _granted_before_birthday(q: Question, grant: Grant, age: int) -> bool:
    """Granted before a birthday that has come; not known without a registration."""
    if q.facts.current is None:
        return False
    birthday = years_after(q.facts.current.birth_date, age)
    return date.fromisoformat(grant.change["granted_on"]) < birthday <= q.today


def _outgrown(q: Question, grant: Grant, age: int) -> bool:
    renewed_at = grant.change["renewed_at_age"]
    renewed = renewed_at is not None and renewed_at >= age
    return _granted_before_birthday(q, grant, age) and not renewed


def _unused_until(q: Question, grant: Grant) -> date:
    last = date.fromisoformat(grant.change["granted_on"])
    if grant.used_at is not None:
        last = max(last, day(grant.used_at))
    return years_after(last, q.number("proxy_unused_years"))


def _signals(q: Question, grant: Grant) -> Answers:
    since_grant = [stated for stated in q.facts.signals if stated.at >= grant.since]
    if any(stated.signal == "parental" for stated in since_grant):
        yield Asked("PR_CHANGE", NOT_ELIGIBLE)
    if not q.switch("child_safeguarding_suspends_proxies"):
        return
    raised_by = {
        stated.entry_id for stated in q.facts.signals if stated.signal == "child_safeguarding"
    }
    by_others = any(
        stated.signal == "child_safeguarding" and stated.entry_id != q.entry.entry_id
        for stated in since_grant
    )
    if by_others and q.entry.entry_id not in raised_by:
        yield Asked("SAFEGUARDING", NOT_ELIGIBLE)
