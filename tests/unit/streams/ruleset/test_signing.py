"""Approvals count only from known, different people, for exactly this ruleset and rehearsal, with a true signature."""

import base64
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.signing import (
    Approval,
    Approvers,
    Subject,
    new_key,
    read_approval,
    read_approvers,
    sign,
    verify,
    write_approval,
)

SUBJECT = Subject("0123456789abcdef", "fedcba9876543210", "rehearsal-7", 12, 3)
PEOPLE = ("amira", "bela")


@pytest.fixture
def people(tmp_path: Path) -> tuple[dict[str, Path], Approvers]:
    """The key files of two approvers, and the file that trusts them, read."""
    keys = {name: tmp_path / f"{name}.pem" for name in PEOPLE}
    lines = [f'{name} = "{new_key(file)}"' for name, file in keys.items()]
    return keys, trusted(tmp_path, "[approvers]\n" + "\n".join(lines))


def trusted(folder: Path, text: str) -> Approvers:
    file = folder / "approvers.toml"
    file.write_text(text, "utf-8")
    return read_approvers(file)


People = tuple[dict[str, Path], Approvers]


def test_two_approvers_are_enough(people: People) -> None:
    keys, approvers = people
    given = [sign(SUBJECT, name, key) for name, key in keys.items()]
    assert verify(given, SUBJECT, approvers) == PEOPLE


def test_one_approver_twice_is_one(people: People) -> None:
    keys, approvers = people
    given = [sign(SUBJECT, "amira", keys["amira"])] * 2
    with pytest.raises(UsageError, match="1 of 2 different approvers"):
        verify(given, SUBJECT, approvers)


def test_an_approval_survives_the_way_through_a_file(people: People, tmp_path: Path) -> None:
    keys, approvers = people
    file = write_approval(sign(SUBJECT, "bela", keys["bela"]), tmp_path)
    assert file.name == "approval-bela.json"
    assert verify([read_approval(file)], SUBJECT, approvers, needed=1) == ("bela",)


FORGED = {
    "another ruleset": lambda a: with_subject(a, ruleset="0" * 16),
    "another engine": lambda a: with_subject(a, engine="0" * 16),
    "another rehearsal": lambda a: with_subject(a, rehearsal="rehearsal-8"),
    "more that appears": lambda a: with_subject(a, appear=13),
    "more that disappears": lambda a: with_subject(a, disappear=4),
    "another approver": lambda a: replace(a, approver="bela"),
    "a changed signature": lambda a: replace(a, signature=base64.b64encode(bytes(64)).decode()),
    "no signature": lambda a: replace(a, signature="!"),
}


def with_subject(approval: Approval, **other: Any) -> Approval:
    return replace(approval, subject=replace(approval.subject, **other))


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_signature_holds_for_what_was_signed_alone(forge: Any, people: People) -> None:
    keys, approvers = people
    forged = forge(sign(SUBJECT, "amira", keys["amira"]))
    with pytest.raises(UsageError, match="the signature does not hold"):
        verify([forged], forged.subject, approvers, needed=1)


def test_a_signature_cannot_be_passed_off_as_another_persons(people: People) -> None:
    keys, approvers = people
    lent = replace(sign(SUBJECT, "amira", keys["amira"]), approver="bela")
    with pytest.raises(UsageError, match="approval of bela: the signature does not hold"):
        verify([lent], SUBJECT, {"bela": approvers["amira"]}, needed=1)


def test_an_approval_of_something_else_says_what_differs(people: People) -> None:
    keys, approvers = people
    given = sign(replace(SUBJECT, disappear=4), "amira", keys["amira"])
    with pytest.raises(UsageError, match="approval of amira: is for another disappear"):
        verify([given], SUBJECT, approvers, needed=1)


def test_a_stranger_cannot_approve(people: People, tmp_path: Path) -> None:
    _, approvers = people
    new_key(tmp_path / "carl.pem")
    given = sign(SUBJECT, "carl", tmp_path / "carl.pem")
    with pytest.raises(UsageError, match="approval of carl: not among the trusted"):
        verify([given], SUBJECT, approvers, needed=1)


def test_a_private_key_is_for_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    new_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(UsageError, match=r"key\.pem: exists already"):
        new_key(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../amira", "a b", "-a", "a/b"])
def test_a_name_that_is_no_name_cannot_sign(name: str, people: People) -> None:
    with pytest.raises(UsageError, match="approver: must be letters"):
        sign(SUBJECT, name, people[0]["amira"])


def other_kind_of_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no key", "no private key"), (other_kind_of_key(), "not Ed25519"), (None, "cannot be read")],
)
def test_a_file_without_the_right_key_is_refused(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=rf"key\.pem: {said}"):
        sign(SUBJECT, "amira", file)


KEY = base64.b64encode(bytes(range(32))).decode()
LISTS = {
    'approvers = "amira"': "has no table",
    '[approvers]\namira = "short"': r"approvers\.amira: no Ed25519 public key",
    "[approvers]\namira = 5": r"approvers\.amira: no Ed25519 public key",
    f'[approvers]\namira = "{KEY}"\nbela = "{KEY}"': "two approvers have the same key",
    "[approvers": "no TOML",
}


@pytest.mark.parametrize(("text", "said"), LISTS.items())
def test_a_list_of_approvers_with_anything_wrong_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        trusted(tmp_path, text)


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"subject": {}, "approver": "amira"})])
def test_a_file_that_is_no_approval_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "approval-amira.json"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="no approval"):
        read_approval(file)
