"""Approvals count only from approvers of the time, for exactly this rehearsal; every other one refuses all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from psycopg.types.json import Jsonb

from recordgate_schemas.entry import Coding
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import EntryId
from recordgate_streams.rollout import activation
from recordgate_streams.rollout.approvals import sign_approval, verify_approval
from recordgate_streams.rollout.approvers import approver_set, sign_change, trusted_approvers
from recordgate_streams.rollout.checks import claims_of
from recordgate_streams.rollout.refusal import Refused
from tests.support.builders import RULESET, access, entry, registered
from tests.support.ledger import Ledger
from tests.support.rules import ANN, BEN, CODE, Rules, public, refused, with_code_set, with_switch

NEW = with_code_set(CODE, reason="COURT")
HARMLESS = with_switch("on_104", "suspend_view")
CODED = (Coding("http://snomed.info/sct", CODE),)


@pytest.fixture
def rules(ledger: Ledger, tmp_path: Path) -> Iterator[Rules]:
    """A ledger with a victim of NEW and a survivor."""
    ledger.say(registered(), access())
    ledger.publish(entry(entry_id=EntryId("victim"), codes=CODED))
    ledger.publish(entry(entry_id=EntryId("survivor")))
    opened = Rules(ledger, tmp_path)
    yield opened
    opened.close()


def put_unchecked(ledger: Ledger, name: str, who: str, jws: str) -> None:
    """Write an approval into the ledger past the command, which would refuse it."""
    ledger.owner.execute(
        "insert into signed_approval (rehearsal_id, approver, jws, at) values (%s, %s, %s, now())",
        (name, who, jws),
    )


def test_somebody_unknown_cannot_approve_and_refuses_everything(
    ledger: Ledger, rules: Rules
) -> None:
    name = rules.save(HARMLESS)
    rules.keys["eve"] = OKPKey.generate_key("Ed25519")
    for who in (ANN, BEN):
        rules.approve(name, who)
    with pytest.raises(
        Refused, match="eve: not among the trusted approvers; see `recordgate rules"
    ):
        rules.approve(name, "eve")
    put_unchecked(ledger, name, "eve", rules.signed(name, "eve"))

    refused(ledger, rules, name, "eve: not among the trusted approvers")


def test_somebody_signing_in_anothers_name_is_refused(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS)
    rules.approve(name, ANN)
    rules.keys[BEN] = rules.keys[ANN]
    with pytest.raises(Refused, match="ben: the signature does not hold"):
        rules.approve(name, BEN)
    put_unchecked(ledger, name, BEN, rules.signed(name, BEN))

    refused(ledger, rules, name, "ben: the signature does not hold")


def test_one_approvers_signature_under_two_names_is_one(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS)
    rules.approve(name, ANN)
    put_unchecked(ledger, name, BEN, rules.signed(name, ANN))

    refused(ledger, rules, name, "1 of 2 different approvers")


def test_an_approval_of_another_rehearsal_is_refused(ledger: Ledger, rules: Rules) -> None:
    other, name = rules.save(HARMLESS), rules.save(NEW)
    rules.approve(name, ANN, disappear=1)
    rules.approve(other, BEN)
    refused(ledger, rules, name, "1 of 2")

    ledger.owner.execute("update signed_approval set rehearsal_id = %s", (name,))
    refused(ledger, rules, name, "ben: is for another rehearsal; sign again")


@pytest.mark.parametrize("claim", ["ruleset", "engine"])
def test_an_approval_of_another_ruleset_or_engine_is_refused(
    ledger: Ledger, rules: Rules, claim: str
) -> None:
    name = rules.save(HARMLESS)
    claims = claims_of(activation.read_rehearsal(rules.keeper, name))
    forged = sign_approval(claims.model_copy(update={claim: "0" * 64}), BEN, rules.keys[BEN])
    rules.approve(name, ANN)
    put_unchecked(ledger, name, BEN, forged)

    refused(ledger, rules, name, f"ben: is for another {claim}; sign again")


def test_an_approval_of_a_digest_that_only_begins_alike_is_refused(
    ledger: Ledger, rules: Rules
) -> None:
    name = rules.save(HARMLESS)
    rehearsal = activation.read_rehearsal(rules.keeper, name)
    claims = claims_of(rehearsal).model_copy(update={"rehearsal": name[:16] + "0" * 48})
    forged = sign_approval(claims, ANN, rules.keys[ANN])

    with pytest.raises(Refused, match="ann: is for another rehearsal"):
        activation.put_approval(rules.keeper, rehearsal, forged, ledger.clock.now())


def test_an_approver_who_left_refuses_what_was_not_activated_and_nothing_else(
    ledger: Ledger, rules: Rules
) -> None:
    rules.bring(NEW)
    name = rules.save(HARMLESS)
    for who in (ANN, BEN):
        rules.approve(name, who)
    rules.change_approvers(ANN, "eve")

    with pytest.raises(Refused, match="ben: not among the trusted approvers"):
        rules.activate(name)
    again = rules.save(RULESET)
    for who in (ANN, "eve"):
        rules.approve(again, who)
    assert rules.activate(again) == 2
    used = ledger.owner.execute("select approver_change from activation order by generation")
    assert used.fetchall() == [(0,), (1,)]


def test_an_activation_can_be_verified_again_when_its_approvers_have_left(
    ledger: Ledger, rules: Rules
) -> None:
    rules.bring(NEW)
    rules.change_approvers("eve", "dan")
    row = ledger.owner.execute(
        "select rehearsal_id, to_hash, approvals, approver_change from activation"
    ).fetchone()
    assert row is not None
    rehearsal_id, to_hash, signatures, change = row

    then = trusted_approvers(rules.reader.approvers.changes()[: change + 1])
    approvals = [verify_approval(text, then.set.keys) for text in signatures]

    assert [approval.approver for approval in approvals] == [ANN, BEN]
    for approval in approvals:
        assert approval.claims.ruleset == to_hash
        assert (approval.claims.rehearsal, approval.claims.accept_disappear) == (rehearsal_id, 1)


def test_a_ledger_without_approvers_activates_nothing(ledger: Ledger, rules: Rules) -> None:
    name = rules.save(HARMLESS)
    ledger.owner.execute("truncate approver_change cascade")

    with pytest.raises(UsageError, match="none in this ledger; install the first with"):
        rules.activate(name)


def test_approvers_put_into_the_ledger_without_signatures_refuse_everything(
    ledger: Ledger, rules: Rules
) -> None:
    """The role that keeps the rules may insert, but it may not choose."""
    name = rules.save(HARMLESS)
    eve = {who: OKPKey.generate_key("Ed25519") for who in ("eve", "dan")}
    former = trusted_approvers(rules.reader.approvers.changes()).set
    forged = approver_set(public(eve), former.digest)
    signatures = [sign_change(forged, who, key) for who, key in eve.items()]
    rules.keeper.approvers.put(1, forged.document, forged.digest, signatures, ledger.clock.now())

    refused(
        ledger, rules, name, "change 1 in the ledger does not hold: signature of eve: not among"
    )


def test_an_approval_names_ruleset_engine_and_rehearsal_in_full(rules: Rules) -> None:
    name = rules.save(HARMLESS)
    claims = claims_of(activation.read_rehearsal(rules.keeper, name[:12]))

    assert len(name) == 64
    assert (claims.ruleset, claims.engine, claims.rehearsal) == (
        HARMLESS.hash,
        RULESET.engine,
        name,
    )


def test_an_activation_of_an_earlier_version_still_names_its_approvers(
    ledger: Ledger, rules: Rules
) -> None:
    """It has no signatures that count today, but who gave them is history."""
    rules.bring(NEW)
    ledger.owner.execute(
        "update activation set approvals = null, approver_change = null, approvers = %s",
        (Jsonb([{"approver": ANN, "subject": {}, "signature": "", "key": ""}]),),
    )

    last = rules.reader.activations.last()

    assert last is not None
    assert last.approvers == [ANN]
