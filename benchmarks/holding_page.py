"""The measured part of docs/over-holding.md. Ids and kinds only: no text of a record, no NHS number."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from benchmarks.holding_case import GENERATED, PATIENT, PROXY, Judged
from benchmarks.holding_count import (
    TARGET,
    Cause,
    Tallies,
    Tally,
    causes,
    other_outcomes,
    over_held,
    tally,
)
from benchmarks.holding_practice import RATES
from benchmarks.holding_records import MOVED, Intake, pool

ENTRIES_A_DAY = 2450
"""Entries of one practice on a working day (reference domain, section 6, central estimate)."""

ORIGINS = {
    "HISTORIC_CHECK": "rule, rows 16-18: came by GP2GP, hide tags not trusted",
    "PROXY_AGE": "rule, row 77: one task about the grant opens all",
    "BACKDATED an onset": "rule, row 5, with the extractor: an onset counts as the day the entry is about",
    "BACKDATED a clinical date": "rule, row 5",
    "UNKNOWN_KIND a type no GP system sends": "data",
    "DATE_UNKNOWN a type no GP system sends": "data",
    "DATE_UNKNOWN": "data: no day of recording, and no event in the window that shows it",
    "THIRD_PARTY stated by the source": "rule, rows 69-71",
    "THIRD_PARTY no subject": "data: the profile demands a subject",
    "LINKED": "rule, row 57: cascade",
    "ACCESS_REVIEW": "rule, row 32",
    "ACCESS_CODE": "rule, row 36",
    "SAFEGUARDING": "rule, rows 62-65",
    "UNKNOWN_LABEL": "rule, row 59",
    "UNKNOWN_FLAG": "data: a text with the patient's own NHS number is left out whole",
}
"""What brings a cause about: a rule or the data."""

_HEAD = ("entries", "held", "%", "ordinary, open", "held", "%")


def page(judged: Sequence[Judged], intake: Intake, missing: str) -> str:
    """Return the measured part of the page. `missing`: a sentence about records that were not found, or empty."""
    now = [one for one in judged if not one.case.population.endswith(MOVED)]
    parts = (
        [missing] if missing else [],
        _shares(judged),
        _by_population(judged),
        _by_group(now),
        _causes(now, PATIENT, 12),
        _causes(now, PROXY, 5),
        _cascade(tally(judged, _population)),
        _intake(intake),
        _assumed(),
    )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def as_json(judged: Sequence[Judged], intake: Intake) -> dict[str, Any]:
    """Return the same numbers as JSON values."""
    return {
        "question": "holding",
        "target": TARGET,
        "populations": [_plain(key, one) for key, one in tally(judged, _population).items()],
        "held_though_ordinary": over_held(judged),
        "intake": {f"{a}: {b}": n for (a, b), n in (intake.files + intake.refused).items()},
    }


def _plain(key: tuple[str, str], one: Tally) -> dict[str, Any]:
    names = ("entries", "held", "open", "over", "linked", "affected", "without_references")
    return {"population": key[0], "audience": key[1], **{n: getattr(one, n) for n in names}}


def _shares(judged: Sequence[Judged]) -> list[str]:
    pools = tally(judged, lambda one: pool(one.case.population))
    own = {name: t for (name, who), t in pools.items() if who == PATIENT}
    rows = ((n, f"{t.open:,}", t.over, f"{t.rate:.3%}", _kept(t)) for n, t in own.items())
    return [
        *_table(("patients", "ordinary, open", "held", "share", f"at most {TARGET:.1%}"), rows),
        *_load(judged, own.get(GENERATED, Tally())),
    ]


def _load(judged: Sequence[Judged], practices: Tally) -> Iterator[str]:
    """Yield the reviewers' load, and what the share would be if entries with an old onset were ordinary."""
    if not practices.entries:
        return
    share = practices.held / practices.entries
    made = [one for one in judged if one.case.population == GENERATED]
    onsets = causes(made, PATIENT).get(("BACKDATED", "an onset"), Cause()).held
    strict = (practices.over + onsets) / (practices.open + onsets)
    yield ""
    yield (
        f"Of all entries of the generated practices {share:.2%} are held: {share * ENTRIES_A_DAY:.0f} a day"
        f" for a practice of {ENTRIES_A_DAY:,} entries a day. {onsets} of the {practices.held}"
    )
    yield (
        "are problems and allergies held for an old onset; counted as ordinary entries, they would make"
        f" the share {strict:.2%}."
    )


def _kept(found: Tally) -> str:
    return "yes" if found.rate <= TARGET else "**no**"


def _by_population(judged: Sequence[Judged]) -> list[str]:
    found = tally(judged, _population)
    return [
        "### By population",
        "",
        *_table(("population", "audience", *_HEAD), (_row(k, t) for k, t in found.items())),
    ]


def _by_group(judged: Sequence[Judged]) -> Iterator[str]:
    groups = {
        "practice": lambda one: str(one.case.practice),
        "age": lambda one: one.case.age_group,
        "sex": lambda one: one.case.sex,
    }
    for name, group in groups.items():
        found = tally(judged, group)
        if name != "practice":
            yield ""
        yield f"### By {name}"
        yield ""
        yield from _table((name, "audience", *_HEAD), (_row(k, found[k]) for k in _sorted(found)))


def _sorted(found: Tallies) -> list[tuple[str, str]]:
    return sorted(found, key=lambda key: (key[0] != "under 13", key))


def _causes(judged: Sequence[Judged], who: str, most: int) -> list[str]:
    found = list(causes(judged, who).items())[:most]
    head = ("reason", "because of", "held", "of them ordinary", "kinds", "where", "origin", "examples")  # fmt: skip
    lines = [f"### Most frequent causes, for the {who}", ""]
    lines += _table(head, (_cause_row(key, cause) for key, cause in found))
    if who == PATIENT:
        rest = other_outcomes(judged).most_common()
        listed = ", ".join(f"{reason} {count:,}" for reason, count in rest) or "none"
        lines += ["", f"Ordinary entries that are neither shown nor held: {listed}."]
    return lines


def _cause_row(key: tuple[str, str], cause: Cause) -> tuple[object, ...]:
    origin = ORIGINS.get(" ".join(key).strip(), "rule")
    kinds = ", ".join(name for name, _ in cause.kinds.most_common(3))
    where = ", ".join(sorted(cause.populations))
    ids = ", ".join(f"`{one}`" for one in cause.examples)
    return (*key, cause.held, cause.over, kinds, where, origin, ids)


def _cascade(found: Tallies) -> list[str]:
    head = ("population", "audience", "entries", "held for relatives alone", "%",
            "not shown for a relative", "shown without references", "%")  # fmt: skip
    rows = (
        (*key, f"{t.entries:,}", t.linked, _percent(t.linked, t.entries), t.affected,
         f"{t.without_references:,}", _percent(t.without_references, t.entries))
        for key, t in found.items()
    )  # fmt: skip
    return ["### Cascade and references", "", *_table(head, rows)]


def _intake(intake: Intake) -> list[str]:
    files = ((a, b, n) for (a, b), n in sorted(intake.files.items()))
    refused = ((a, b, n) for (a, b), n in sorted(intake.refused.items()))
    return [
        "### Input files",
        "",
        *_table(("population", "file", "files"), files),
        "",
        *_table(("population", "refused", "resources"), refused),
    ]


def _assumed() -> list[str]:
    rows = ((what, f"{share:.1%}") for share, what in RATES.values())
    return ["### Assumptions about the generated practices", "", *_table(("what", "share"), rows)]


def _population(one: Judged) -> str:
    return one.case.population


def _row(key: tuple[str, str], t: Tally) -> tuple[object, ...]:
    raw, over = _percent(t.held, t.entries), _percent(t.over, t.open)
    return (*key, f"{t.entries:,}", t.held, raw, f"{t.open:,}", t.over, over)


def _percent(part: int, total: int) -> str:
    return f"{100 * part / total:.2f}" if total else "-"


def _table(head: tuple[str, ...], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *lines]
