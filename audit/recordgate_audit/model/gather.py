"""Section 2: how the facts follow from a history, one function for each row of the table that needs one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from recordgate_audit.model.facts import Facts, Grant, Listing, Registration, Signal
from recordgate_audit.model.history import Control, Entry, History
from recordgate_audit.model.statements import (
    controls_of,
    first_after,
    latest,
    latest_by,
    stated_at,
    still_on,
)
from recordgate_audit.model.strictness import (
    access_strictness,
    area_strictness,
    grant_strictness,
    registration_strictness,
)


def gather_facts(history: History, ruleset: Mapping[str, Any]) -> Facts:
    """Return the facts that a history establishes."""
    signals = _signals(history, ruleset)
    declines = stated_at(history, "AccessDeclined") + _signalled(signals, "declined")
    opt_ins = stated_at(history, "AccessOptedIn")
    registrations = _registrations(history)
    return Facts(
        unreadable=_unreadable(history),
        any_registration=bool(registrations),
        current=_current(registrations),
        accesses=latest_by(history, "AccessLevelSet", ("practice",), access_strictness),
        access_statements=controls_of(history, "AccessLevelSet"),
        areas=_areas(history),
        declined=still_on(declines, opt_ins),
        opted_in_again_at=first_after(declines, opt_ins),
        review_needed_since=_review_needed_since(history, signals),
        suspended=still_on(
            stated_at(history, "AccessSuspended"), stated_at(history, "AccessResumed")
        ),
        s_flag=still_on(
            stated_at(history, "SensitivityFlagged", flagged=True),
            stated_at(history, "SensitivityFlagged", flagged=False),
        ),
        account_linked=_account_linked(history),
        died=bool(stated_at(history, "Died")),
        number_sides=frozenset(
            control.change["side"] for control in controls_of(history, "NhsNumberChanged")
        ),
        grants=_grants(history),
        signals=signals,
        hidden=_hidden(history),
        listings=_listings(history),
        reviews=controls_of(history, "Reviewed"),
    )


def _unreadable(history: History) -> bool:
    confirmed = [
        min(control.change["through"], control.position)
        for control in controls_of(history, "StateConfirmed")
    ]
    return any(
        not any(through >= unreadable.position for through in confirmed)
        for unreadable in history.unreadable
    )


def _registrations(history: History) -> list[Registration]:
    latest = latest_by(history, "Registered", ("practice",), registration_strictness)
    return [
        Registration(
            practice,
            date.fromisoformat(stated["registered_on"]),
            date.fromisoformat(stated["birth_date"]),
            stated["registration"],
            stated["verification"],
            _left_on(history, practice),
        )
        for practice, stated in latest.items()
    ]


def _left_on(history: History, practice: str) -> date | None:
    days = [
        date.fromisoformat(control.change["left_on"])
        for control in controls_of(history, "Deregistered")
        if control.change["practice"] == practice
    ]
    return max(days) if days else None


def _current(registrations: Sequence[Registration]) -> Registration | None:
    if not registrations:
        return None
    newest = max(registration.registered_on for registration in registrations)
    of_that_day = [one for one in registrations if one.registered_on == newest]
    if len(of_that_day) == 1:
        return of_that_day[0]
    staying = [one for one in of_that_day if not one.has_left]
    return staying[0] if len(staying) == 1 else None


def _areas(history: History) -> dict[tuple[str, str], bool]:
    latest = latest_by(history, "AreaSet", ("practice", "kind"), area_strictness)
    return {area: stated["shown"] for area, stated in latest.items()}


def _review_needed_since(history: History, signals: Sequence[Signal]) -> datetime | None:
    needed = stated_at(history, "AccessReviewCoded", code="needed_104")
    needed += _signalled(signals, "review_104")
    not_needed = stated_at(history, "AccessReviewCoded", code="not_needed_106")
    not_needed += _signalled(signals, "review_106")
    if not still_on(needed, not_needed):
        return None
    return min(at for at in needed if not not_needed or at >= max(not_needed))


def _account_linked(history: History) -> bool:
    linked = stated_at(history, "AccountChanged", linked=True)
    closed = stated_at(history, "AccountChanged", linked=False)
    return bool(linked) and not still_on(closed, linked)


def _grants(history: History) -> dict[str, Grant]:
    controls = controls_of(history, "ProxyGranted")
    grants = {}
    for grant_id in {control.change["grant_id"] for control in controls}:
        of_grant = [c for c in controls if c.change["grant_id"] == grant_id]
        in_force = latest(of_grant, grant_strictness)
        ends = stated_at(history, "ProxyEnded", grant_id=grant_id)
        uses = stated_at(history, "ProxyUsed", grant_id=grant_id)
        grants[grant_id] = Grant(
            grant_id,
            in_force.counts_from,
            in_force.change,
            ended=still_on(ends, [in_force.counts_from]),
            used_at=max(uses) if uses else None,
        )
    return grants


def _signals(history: History, ruleset: Mapping[str, Any]) -> list[Signal]:
    """What entries say of the patient; one in conflict cannot lift anything by a 106."""
    return [
        Signal(signal, _signalled_at(entry), entry.entry_id)
        for entry in history.entries.values()
        for signal in _signals_of(entry, ruleset)
        if signal != "review_106" or not entry.conflict
    ]


def _signals_of(entry: Entry, ruleset: Mapping[str, Any]) -> set[str]:
    if entry.readiness == "in_error":
        return set()
    return {
        code_set["signal"]
        for code_set in ruleset["code_sets"]
        if code_set["signal"] and any(code in code_set["members"] for _, code in entry.codes)
    }


def _signalled_at(entry: Entry) -> datetime:
    if entry.recorded_at is None:
        return entry.extracted_at
    return min(entry.recorded_at, entry.extracted_at)


def _signalled(signals: Sequence[Signal], signal: str) -> list[datetime]:
    return [stated.at for stated in signals if stated.signal == signal]


def _hidden(history: History) -> dict[tuple[str, str], frozenset[str]]:
    """The ids named as related by what hides in force, of persons and of publishers, by entry and cause."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for (entry_id, cause, source), hides in _hides_by_source(history).items():
        if source is None:
            about = {"entry_id": entry_id, "cause": cause}
            shows = stated_at(history, "EntryShown", **about)
            in_force = still_on([hide.counts_from for hide in hides], shows)
        else:
            versions = [hide.change["source_version"]["version"] for hide in hides]
            in_force = not _published_since(history.entries.get(entry_id), source, max(versions))
        if in_force:
            named = {related for hide in hides for related in hide.change["related"]}
            found[entry_id, cause] = found.get((entry_id, cause), frozenset()) | named
    return found


def _hides_by_source(
    history: History,
) -> dict[tuple[str, str, tuple[str, str] | None], list[Control]]:
    """All hides of an entry for one cause, by the practice and system that published them; None: a person's."""
    found: dict[tuple[str, str, tuple[str, str] | None], list[Control]] = {}
    for control in controls_of(history, "EntryHidden"):
        stated = control.change.get("source_version")
        source = None if stated is None else (stated["practice"], stated["system"])
        key = (control.change["entry_id"], control.change["cause"], source)
        found.setdefault(key, []).append(control)
    return found


def _published_since(entry: Entry | None, source: tuple[str, str], version: int) -> bool:
    """Whether this source has published a version of the entry above this one."""
    return (
        entry is not None and (entry.practice, entry.system) == source and entry.version > version
    )


def _listings(history: History) -> dict[tuple[str, str], Listing]:
    listings: dict[tuple[str, str], Listing] = {}
    for control in controls_of(history, "RecordSnapshot"):
        source = (control.change["practice"], control.change["system"])
        named = frozenset(control.change["entry_ids"])
        known = listings.get(source)
        if known is None or control.counts_from > known.at:
            listings[source] = Listing(control.counts_from, named)
        elif control.counts_from == known.at:
            listings[source] = Listing(known.at, known.entry_ids & named)
    return listings
