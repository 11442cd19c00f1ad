"""A set of approvers follows the former one only with two of its signatures, once, and in order."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from recordgate_runtime.signing_keys import public_text
from recordgate_schemas.errors import UsageError
from recordgate_streams.ledger.approvers import ApproverChange
from recordgate_streams.rollout import jws
from recordgate_streams.rollout.approvals import PURPOSE as APPROVAL
from recordgate_streams.rollout.approvers import (
    PURPOSE,
    ApproverSet,
    approver_set,
    differences,
    read_approvers,
    read_proposal,
    sign_change,
    trusted_approvers,
    verify_change,
)
from recordgate_streams.rollout.refusal import Refused

PEOPLE = ("ann", "ben", "cleo", "dan")
KEYS = {name: OKPKey.generate_key("Ed25519") for name in PEOPLE}
AT = datetime(2026, 11, 1, tzinfo=UTC)


def of(*names: str, former: str | None = None) -> ApproverSet:
    return approver_set({name: public_text(KEYS[name]) for name in names}, former)


FIRST = of("ann", "ben")
NEXT = of("ben", "cleo", former=FIRST.digest)


def signed(proposed: ApproverSet, *names: str) -> list[str]:
    return [sign_change(proposed, name, KEYS[name]) for name in names]


def stored(*steps: tuple[ApproverSet, list[str]]) -> list[ApproverChange]:
    return [ApproverChange(n, one.document, jws_) for n, (one, jws_) in enumerate(steps)]


def test_two_former_approvers_change_the_set() -> None:
    assert verify_change(FIRST, signed(NEXT, "ann", "ben")) == NEXT


def test_the_digest_is_over_the_document_anybody_can_write() -> None:
    text = json.dumps(NEXT.model_dump(), sort_keys=True, separators=(",", ":"))
    assert NEXT.document == text
    assert hashlib.sha256(text.encode()).hexdigest() == NEXT.digest


def test_first_sets_of_two_ledgers_differ_so_a_change_counts_in_one_of_them() -> None:
    other = of("ann", "ben")
    with pytest.raises(Refused, match="against another set than the one in force; propose again"):
        verify_change(other, signed(NEXT, "ann", "ben"))


def test_a_change_does_not_count_again_when_the_former_set_is_back() -> None:
    back = of("ann", "ben", former=NEXT.digest)
    with pytest.raises(Refused, match="against another set"):
        verify_change(back, signed(NEXT, "ann", "ben"))


REFUSED: dict[str, tuple[list[str], str]] = {
    "nobody": ([], "0 of 2 different former approvers; ask another"),
    "one": (signed(NEXT, "ann"), "1 of 2 different former approvers"),
    "one twice": (signed(NEXT, "ann", "ann"), "1 of 2"),
    "a new one": (signed(NEXT, "ann", "cleo"), "cleo: not among the trusted approvers"),
    "different sets": (
        signed(NEXT, "ann") + signed(of("ann", "dan", former=FIRST.digest), "ben"),
        "over different sets",
    ),
    "an approval": (
        [jws.sign(APPROVAL, NEXT.model_dump(), name, KEYS[name]) for name in ("ann", "ben")],
        f"its typ must be {PURPOSE.replace('+', '.')}",
    ),
    "no set": (
        [jws.sign(PURPOSE, {"approvers": {}}, name, KEYS[name]) for name in ("ann", "ben")],
        "is no set of approvers; propose again",
    ),
    "a key twice": (
        [
            jws.sign(
                PURPOSE,
                {"approvers": dict.fromkeys(("x", "y"), public_text(KEYS["ann"])), "former": "f"},
                name,
                KEYS[name],
            )
            for name in ("ann", "ben")
        ],
        "is no set of approvers",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_any_other_change_is_refused(what: str) -> None:
    signatures, why = REFUSED[what]
    with pytest.raises(Refused, match=why):
        verify_change(FIRST, signatures)


def test_a_chain_of_changes_ends_at_the_approvers_in_force() -> None:
    last = of("cleo", "dan", former=NEXT.digest)
    chain = stored(
        (FIRST, []), (NEXT, signed(NEXT, "ann", "ben")), (last, signed(last, "ben", "cleo"))
    )
    trusted = trusted_approvers(chain)
    assert (trusted.change, trusted.set) == (2, last)
    assert [trusted_approvers(chain[: n + 1]).set for n in range(3)] == [FIRST, NEXT, last]


STRANGER = of("cleo", "dan", former=FIRST.digest)
BROKEN: dict[str, tuple[list[ApproverChange], str]] = {
    "unsigned": (stored((FIRST, []), (NEXT, [])), "change 1 .*0 of 2"),
    "signed by strangers": (
        stored((FIRST, []), (STRANGER, signed(STRANGER, "cleo", "dan"))),
        "change 1 .*cleo: not among",
    ),
    "another document than was signed": (
        stored((FIRST, []), (STRANGER, signed(NEXT, "ann", "ben"))),
        "change 1 .*its document is not what was signed",
    ),
    "a change left out": (
        [stored((FIRST, []))[0], ApproverChange(2, NEXT.document, signed(NEXT, "ann", "ben"))],
        "change 1 .*its document is not what was signed",
    ),
    "the first one no set": ([ApproverChange(0, "{}", [])], "change 0 "),
    "the first one not canonical": (
        [ApproverChange(0, FIRST.document + " ", [])],
        r"change 0 .*not canonical JSON",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_chain_that_was_tampered_with_trusts_nobody(what: str) -> None:
    chain, why = BROKEN[what]
    with pytest.raises(Refused, match=why):
        trusted_approvers(chain)


def test_nobody_is_trusted_before_the_first_set() -> None:
    with pytest.raises(UsageError, match="install the first with `recordgate rules approvers init"):
        trusted_approvers([])


def test_a_proposal_goes_through_a_file(tmp_path: Path) -> None:
    file = tmp_path / "approvers.json"
    file.write_text(NEXT.document + "\n", "utf-8")
    assert read_proposal(file) == NEXT
    for wrong in ("", "{}", NEXT.document + "\n\n", NEXT.document.replace(":", ": ")):
        file.write_text(wrong, "utf-8")
        with pytest.raises(UsageError, match=r"approvers\.json: no set of approvers in canonical"):
            read_proposal(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_proposal(tmp_path / "none")


def test_differences_name_who_comes_who_goes_and_who_has_another_key() -> None:
    changed = approver_set(
        {"ann": public_text(KEYS["dan"]), "cleo": public_text(KEYS["cleo"])}, FIRST.digest
    )
    assert differences(FIRST, changed) == [
        f"cleo: added, {public_text(KEYS['cleo'])}",
        "ben: removed",
        f"ann: another key, {public_text(KEYS['dan'])}",
    ]


ANN = public_text(KEYS["ann"])
TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "two names, one key": ({"ann": ANN, "anna": ANN}, "approvers: two approvers have the same key"),
    "one approver": ({"ann": ANN}, "approvers: 2 approvers are needed"),
    "no key": ({"ann": ANN, "ben": "short"}, r"approvers\.ben: no Ed25519 public key"),
    "a number": ({"ann": ANN, "ben": 5}, r"approvers\.ben: Input should be a valid string"),
    "no name": ({"ann": ANN, "a b": public_text(KEYS["ben"])}, r"approvers\.a b: .*pattern"),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_set_with_anything_wrong_is_refused(what: str) -> None:
    table, why = TABLES[what]
    with pytest.raises(UsageError, match=why):
        approver_set(table)


FILES = {"approvers = 1": "has no table", "x = 1": "has no table", "[approvers": "no TOML"}


@pytest.mark.parametrize("text", FILES)
def test_a_file_without_a_table_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "approvers.toml"
    with pytest.raises(UsageError, match="cannot be read"):
        read_approvers(file)
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=FILES[text]):
        read_approvers(file)
