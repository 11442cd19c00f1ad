"""Changing the rules under test: rulesets that differ in one thing, two approvers with keys, and the way into force."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from recordgate_runtime.postgres import connect
from recordgate_runtime.signing_keys import public_text
from recordgate_schemas.errors import FatalError
from recordgate_streams import ruleset
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.rollout import activation, approvers
from recordgate_streams.rollout.approvals import sign_approval
from recordgate_streams.rollout.checks import claims_of
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Report
from recordgate_streams.rollout.run import Part, rehearse, save
from recordgate_streams.ruleset import Ruleset
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
    """The shipped ruleset with one more code set; it holds for everybody by default."""
    data = content()
    asked = {"self": "hold", "proxy": "hold", "reason": "SAFEGUARDING", **asks}
    one = {"id": "new-set", "title": "New", "members": [code], **asked}
    return ruleset.from_data({**data, "code_sets": [*data["code_sets"], one]})


def with_limits(rules: Ruleset = RULESET, **limits: float) -> Ruleset:
    """The ruleset with other activation limits."""
    data = content(rules)
    return ruleset.from_data({**data, "activation": {**data["activation"], **limits}})


class Rules:
    """Rehearses, approves and activates on a ledger under test, in which two people may approve."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger = ledger
        ledger.owner.execute(
            "truncate rehearsal, approval, signed_approval, activation, approver_change"
        )
        self.reader_db = connect(ledger.dsn, "ledger_reader", autocommit=True)
        self.keeper_db = connect(ledger.dsn, "rule_keeper", autocommit=True)
        self.reader, self.keeper = RolloutStore(self.reader_db), RolloutStore(self.keeper_db)
        self.keys = {name: OKPKey.generate_key("Ed25519") for name in (ANN, BEN)}
        for name, key in self.keys.items():
            file = folder / f"{name}.pem"
            file.write_bytes(key.as_pem(private=True))
            file.chmod(0o600)
        first = approvers.approver_set(public(self.keys))
        approvers.install(self.keeper.approvers, first, ledger.clock.now())

    def rehearse(self, rules: Ruleset, part: Part = Part()) -> Report:  # noqa: B008  frozen
        """Return what the ruleset would change."""
        return rehearse(self.reader, rules, part, self._ledger.clock.now())

    def save(self, rules: Ruleset, part: Part = Part()) -> str:  # noqa: B008  frozen
        """Rehearse, keep it, and return its id."""
        return save(self.keeper, rules, self.rehearse(rules, part))

    def signed(self, name: str, who: str, *, appear: int = 0, disappear: int = 0) -> str:
        """Return somebody's signature over a rehearsal."""
        rehearsal = activation.read_rehearsal(self.keeper, name)
        claims = claims_of(rehearsal, appear=appear, disappear=disappear)
        return sign_approval(claims, who, self.keys[who])

    def approve(self, name: str, who: str, *, appear: int = 0, disappear: int = 0) -> None:
        """Let somebody sign a rehearsal, and hand that in."""
        rehearsal = activation.read_rehearsal(self.keeper, name)
        signed = self.signed(name, who, appear=appear, disappear=disappear)
        activation.put_approval(self.keeper, rehearsal, signed, self._ledger.clock.now())

    def change_approvers(self, *who: str) -> None:
        """Let both former approvers sign a set of these people; new ones get keys."""
        for name in who:
            self.keys.setdefault(name, OKPKey.generate_key("Ed25519"))
        former = approvers.trusted_approvers(self.reader.approvers.changes()).set
        proposed = approvers.approver_set(
            public({name: self.keys[name] for name in who}), former.digest
        )
        signatures = [
            approvers.sign_change(proposed, name, self.keys[name]) for name in former.approvers
        ]
        approvers.change(self.keeper.approvers, signatures, self._ledger.clock.now())

    def activate(self, name: str) -> int:
        """Activate a rehearsal and return the new generation."""
        return activation.activate(self.keeper, name, self._ledger.clock.now()).generation

    def bring(self, rules: Ruleset) -> Report:
        """Rehearse, let both approve whatever was found, activate."""
        name = self.save(rules)
        report = activation.read_rehearsal(self.keeper, name).report
        totals = report.totals
        for who in (ANN, BEN):
            appear, disappear = totals[Change.APPEARS].n, totals[Change.DISAPPEARS].n
            self.approve(name, who, appear=appear, disappear=disappear)
        self.activate(name)
        return report

    def apply(self) -> None:
        """Let the controls lane tick until nobody waits any more, nor is a follow-up left over."""
        for _ in range(1_000):
            self._ledger.controls.tick([PARTITION])
            if not self._ledger.owner.execute(OPEN).fetchone():
                return
        raise FatalError("the application does not end")

    def close(self) -> None:
        """Close the connections."""
        self.reader_db.close()
        self.keeper_db.close()


OPEN = (
    "select 1 from rule_application where finished_at is null"
    " and generation = (select generation from active_ruleset)"
    " union all select 1 from redecision"
)


def public(keys: Mapping[str, OKPKey]) -> dict[str, str]:
    """Return the public keys as a table of approvers has them."""
    return {name: public_text(key) for name, key in keys.items()}


def in_force(ledger: Ledger) -> tuple[int, str]:
    row = ledger.owner.execute("select generation, hash from active_ruleset").fetchone()
    assert row is not None
    return row[0], row[1]


def refused(ledger: Ledger, rules: Rules, name: str, why: str) -> None:
    """Activating is refused for that reason, and nothing has changed."""
    with pytest.raises(Refused, match=why):
        rules.activate(name)
    assert in_force(ledger) == (0, RULESET.hash)
    for table in ("activation", "rule_application"):
        assert ledger.owner.execute(f"select from {table}".encode()).fetchall() == []
