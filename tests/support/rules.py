"""Changing the rules under test: rulesets that differ in one thing, two approvers with keys, and the way into force."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recordgate_runtime.postgres import connect
from recordgate_schemas.errors import FatalError
from recordgate_streams import ruleset
from recordgate_streams.rollout import activation
from recordgate_streams.rollout.checks import subject_of
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Report
from recordgate_streams.rollout.run import Part, rehearse, save
from recordgate_streams.ruleset import Ruleset, signing
from tests.support.builders import RULESET
from tests.support.ledger import PARTITION, Ledger

ANN, BEN = "ann", "ben"
CODE = "84757009"
"""A concept id (epilepsy) that is in none of the shipped sets."""


def content(rules: Ruleset = RULESET) -> dict[str, Any]:
    """What a ruleset says, without its hash and engine."""
    return {name: value for name, value in rules.data.items() if name not in ("hash", "engine")}


def with_switch(name: str, value: Any) -> Ruleset:
    """The shipped ruleset with one switch turned."""
    data = content()
    return ruleset.from_data({**data, "switches": {**data["switches"], name: value}})


def with_number(name: str, value: int) -> Ruleset:
    """The shipped ruleset with another number."""
    data = content()
    return ruleset.from_data({**data, "numbers": {**data["numbers"], name: value}})


def with_code_set(code: str, **asks: str) -> Ruleset:
    """The shipped ruleset with one more code set; it holds for everybody unless told otherwise."""
    data = content()
    asked = {"self": "hold", "proxy": "hold", "reason": "SAFEGUARDING", **asks}
    one = {"id": "new-set", "title": "New", "members": [code], **asked}
    return ruleset.from_data({**data, "code_sets": [*data["code_sets"], one]})


def with_limits(rules: Ruleset = RULESET, **limits: float) -> Ruleset:
    """The ruleset with other activation limits."""
    data = content(rules)
    return ruleset.from_data({**data, "activation": {**data["activation"], **limits}})


class Rules:
    """Rehearses, approves and activates on a ledger under test."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger = ledger
        ledger.owner.execute("truncate rehearsal, approval, activation")
        self.reader = connect(ledger._dsn, "ledger_reader", autocommit=True)
        self.keeper = connect(ledger._dsn, "rule_keeper", autocommit=True)
        self.keys = {name: folder / f"{name}.pem" for name in (ANN, BEN)}
        public = {name: signing.new_key(file) for name, file in self.keys.items()}
        self.approvers = read_approvers(folder, public)

    def rehearse(self, rules: Ruleset, part: Part = Part()) -> Report:  # noqa: B008  frozen
        """Return what the ruleset would change."""
        return rehearse(self.reader, rules, part, self._ledger.clock.now())

    def save(self, rules: Ruleset, part: Part = Part()) -> str:  # noqa: B008  frozen
        """Rehearse, keep it, and return its id."""
        return save(self.keeper, rules, self.rehearse(rules, part))

    def approve(self, name: str, who: str, *, appear: int = 0, disappear: int = 0) -> None:
        """Let somebody sign a rehearsal."""
        rehearsed = activation.read_rehearsal(self.keeper, name)
        subject = subject_of(rehearsed, appear=appear, disappear=disappear)
        signed = signing.sign(subject, who, self.keys[who])
        activation.put_approval(self.keeper, signed, self._ledger.clock.now())

    def activate(self, name: str) -> int:
        """Activate a rehearsal and return the new generation."""
        now = self._ledger.clock.now()
        return activation.activate(self.keeper, name, self.approvers, now).generation

    def bring(self, rules: Ruleset) -> Report:
        """Rehearse, let both approve whatever was found, activate."""
        name = self.save(rules)
        report = activation.read_rehearsal(self.keeper, name).report
        totals = report.totals
        for who in self.keys:
            appear, disappear = totals[Change.APPEARS].n, totals[Change.DISAPPEARS].n
            self.approve(name, who, appear=appear, disappear=disappear)
        self.activate(name)
        return report

    def apply(self) -> None:
        """Let the controls lane tick until nobody waits any more."""
        for _ in range(1_000):
            self._ledger.controls.tick([PARTITION])
            if not self._ledger.owner.execute(OPEN).fetchone():
                return
        raise FatalError("the application does not end")

    def close(self) -> None:
        """Close the connections."""
        self.reader.close()
        self.keeper.close()


OPEN = (
    "select 1 from rule_application where finished_at is null"
    " and generation = (select generation from active_ruleset)"
)


def read_approvers(folder: Path, public: Mapping[str, str]) -> signing.Approvers:
    """Write a file of trusted approvers and read it as `rules activate` does."""
    file = folder / "approvers.toml"
    lines = ["[approvers]", *(f'{name} = "{key}"' for name, key in public.items())]
    file.write_text("\n".join(lines), "utf-8")
    return signing.read_approvers(file)
