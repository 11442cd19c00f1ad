"""Asks production and the reference model about one case, in the same words."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from recordgate_audit.model import Judgement, decide_history
from recordgate_schemas.reasons import Outcome
from recordgate_streams.decider.history import decide_history as decide_in_production
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import from_data
from recordgate_streams.ruleset.bundle import Ruleset as ProductionRuleset
from tests.histories.cases import Case, cases
from tests.histories.words import Event, Ruleset
from tests.support.events import parse_events

Judgements = Mapping[tuple[str, str], Judgement]
CONFLICT = ("CONFLICT", "HELD")
_SHOWN = (Outcome.RELEASED, Outcome.RELEASED_REDACTED)


def expected(case: Case) -> Judgements:
    """What the reference model says."""
    judged = decide_history(case.events, case.ruleset, case.now)
    return {place: one._replace(reasons=_specified(one.reasons)) for place, one in judged.items()}


def decided(case: Case, rules: ProductionRuleset) -> Judgements:
    """What production says."""
    decisions = decide_in_production(parse_events(case.events), rules, case.now).decisions
    return {
        (entry_id, audience): _judgement(entry_id, decision, case.events)
        for (entry_id, audience), decision in decisions.items()
    }


def production_ruleset(rules: Ruleset) -> ProductionRuleset:
    """The ruleset as production reads it, under the name that reviews of a case know."""
    content = {name: value for name, value in rules.items() if name != "hash"}
    return replace(from_data(content), hash=rules["hash"])


def difference(case: Case, rules: ProductionRuleset | None = None) -> str:
    """Where the two differ, in words, or nothing."""
    wanted, got = expected(case), decided(case, rules or production_ruleset(case.ruleset))
    return "\n".join(
        _told(key, wanted.get(key), got.get(key))
        for key in sorted(wanted.keys() | got.keys())
        if wanted.get(key) != got.get(key)
    )


def run(seed: int, number: int) -> tuple[Counter[str], Case | None]:
    """Compare so many cases: how often each reason was met, and the first case that differs."""
    met: Counter[str] = Counter()
    failing: Case | None = None
    rules: ProductionRuleset | None = None
    data: Ruleset | None = None
    for case in cases(seed, number):
        if rules is None or case.ruleset is not data:
            rules, data = production_ruleset(case.ruleset), case.ruleset
        wanted = expected(case)
        if wanted != decided(case, rules):
            failing = failing or case
        met.update(" ".join(asked) for one in wanted.values() for asked in one.reasons)
        met.update(one.outcome for one in wanted.values())
    return met, failing


def told(case: Case) -> str:
    """The case as JSON lines, rules and time first, and what differs."""
    head = {"ruleset": case.ruleset, "now": case.now.isoformat()}
    lines = [json.dumps(line) for line in (head, *case.events)]
    return "\n".join([*lines, difference(case)])


def _judgement(entry_id: str, decision: Decision, events: Sequence[Event]) -> Judgement:
    asked = frozenset((str(o.reason), str(o.outcome)) for o in decision.objections)
    asked = _specified(asked)
    drops: frozenset[str] = frozenset()
    if decision.outcome in _SHOWN:
        kinds = {kind for objection in decision.objections for kind in objection.drop}
        drops = _pointers(entry_id, kinds, events) | frozenset(decision.pointers)
    return Judgement(str(decision.outcome), asked, drops)


def _specified(asked: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Of an entry in conflict nothing but the conflict is specified (section 1)."""
    return asked & {CONFLICT} or asked


def _pointers(entry_id: str, kinds: set[Any], events: Sequence[Event]) -> frozenset[str]:
    """Pointers of the dropped kinds in the version that counts (one content, or it would not be shown)."""
    versions = [e["entry"] for e in events if "entry" in e and e["entry"]["entry_id"] == entry_id]
    highest = max(versions, key=lambda said: int(said["version"]))
    return frozenset(part["pointer"] for part in highest["elements"] if part["kind"] in kinds)


def _told(key: tuple[str, str], wanted: Judgement | None, got: Judgement | None) -> str:
    if wanted is None or got is None:
        return f"{key}: only {'production' if wanted is None else 'the model'} decides this"
    lines = [f"{key}: model {wanted.outcome}, production {got.outcome}"]
    lines += [f"  only the model: {' '.join(asked)}" for asked in wanted.reasons - got.reasons]
    lines += [f"  only production: {' '.join(asked)}" for asked in got.reasons - wanted.reasons]
    if wanted.drops != got.drops:
        lines.append(f"  dropped: model {sorted(wanted.drops)}, production {sorted(got.drops)}")
    return "\n".join(lines)
