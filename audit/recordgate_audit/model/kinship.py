"""Section 1, links and references, counted from both ends: what entries name, their results, and who follows whom."""

from recordgate_audit.model.history import Entries, Entry

RESULT_KINDS = ("test_result", "observation", "battery", "test_group")
REPORT_KINDS = ("report", "battery", "test_group")
FOLLOWING = ("part_of", "result_of", "listed_in", "for_medication")


def names(entry: Entry, other: str) -> bool:
    """Whether an entry refers to another one and has no link that says how they are related."""
    refers = any(element.entry_id == other for element in entry.elements)
    for link in entry.links:
        if link.entry_id == other and link.relation != "refers_to":
            return False
        if link.entry_id == other:
            refers = True
    return refers and other != entry.entry_id


def has_text(entry: Entry) -> bool:
    """Whether an entry has free text or a title of its own."""
    return any(element.kind in ("free_text", "title") for element in entry.elements)


def results(entry_id: str, entries: Entries) -> set[str]:
    """The results of an entry: those that say so, and what a report, battery or group names."""
    return {
        other.entry_id
        for other in entries.values()
        if _has_link(other, ("result_of",), entry_id) or _is_named_result(entry_id, other, entries)
    }


def results_below(entry_id: str, entries: Entries) -> set[str]:
    """Its results, theirs, and so on; never the entry itself."""
    found = results(entry_id, entries)
    while True:
        more = found.union(*(results(one, entries) for one in found))
        if more == found:
            return found - {entry_id}
        found = more


def followers(entry_id: str, entries: Entries) -> set[str]:
    """What goes with an entry: members, results, items, medication; theirs, and so on; never the entry itself.

    An item of a list may not have arrived.
    """
    found = _direct_followers(entry_id, entries)
    while True:
        more = found.union(*(_direct_followers(one, entries) for one in found))
        if more == found:
            return found - {entry_id}
        found = more


def _direct_followers(entry_id: str, entries: Entries) -> set[str]:
    found = {
        other.entry_id
        for other in entries.values()
        if _has_link(other, FOLLOWING, entry_id) or _is_named_result(entry_id, other, entries)
    }
    entry = entries.get(entry_id)
    if entry is not None and entry.kind == "list":
        found |= {item for item in _referred_to(entry) if names(entry, item)}
    return found | {one for one in _reports_of(entry_id, entries) if entries[one].kind == "battery"}


def reports_over(entry_id: str, entries: Entries) -> set[str]:
    """The reports, batteries and groups that an entry is a result of, those that these are results of, and so on up."""
    found = _reports_of(entry_id, entries) | _awaited_reports(entry_id, entries)
    while True:
        more = found.union(
            *(_reports_of(one, entries) | _awaited_reports(one, entries) for one in found)
        )
        if more == found:
            return found - {entry_id}
        found = more


def _reports_of(entry_id: str, entries: Entries) -> set[str]:
    entry = entries.get(entry_id)
    may_be_a_result = entry is None or entry.kind in RESULT_KINDS
    return {
        other.entry_id
        for other in entries.values()
        if other.kind in REPORT_KINDS
        and (
            (may_be_a_result and names(other, entry_id))
            or (entry is not None and _has_link(entry, ("result_of",), other.entry_id))
        )
    }


def _awaited_reports(entry_id: str, entries: Entries) -> set[str]:
    entry = entries.get(entry_id)
    links = entry.links if entry is not None else ()
    return {
        link.entry_id
        for link in links
        if link.relation == "result_of" and link.entry_id not in entries
    }


def _referred_to(entry: Entry) -> set[str]:
    linked = {link.entry_id for link in entry.links}
    return linked | {element.entry_id for element in entry.elements if element.entry_id}


def _has_link(entry: Entry, relations: tuple[str, ...], named: str) -> bool:
    return any(link.relation in relations and link.entry_id == named for link in entry.links)


def _is_named_result(entry_id: str, other: Entry, entries: Entries) -> bool:
    entry = entries.get(entry_id)
    return (
        entry is not None
        and entry.kind in REPORT_KINDS
        and other.kind in RESULT_KINDS
        and names(entry, other.entry_id)
    )


def containers(entry_id: str, entries: Entries) -> set[str]:
    """What an entry is in, and what the lists among that are in."""
    found: set[str] = set()
    looked_at: set[str] = set()
    to_look_at = {entry_id}
    while to_look_at:
        one = to_look_at.pop()
        looked_at.add(one)
        for container in _direct_containers(one, entries):
            found.add(container)
            arrived = entries.get(container)
            if (arrived is None or arrived.kind == "list") and container not in looked_at:
                to_look_at.add(container)
    return found


def _direct_containers(entry_id: str, entries: Entries) -> set[str]:
    found = {
        other.entry_id
        for other in entries.values()
        if other.kind == "list" and names(other, entry_id)
    }
    entry = entries.get(entry_id)
    if entry is not None:
        found |= {
            link.entry_id for link in entry.links if link.relation in ("part_of", "listed_in")
        }
    return found
