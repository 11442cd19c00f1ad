"""Quarantined bytes: unreadable without the key, bound to their coordinates, and a key file only its owner reads."""

import base64
from pathlib import Path

import pytest

from recordgate_schemas.errors import UsageError
from recordgate_streams.ledger.quarantine_seal import (
    Seal,
    make_key_file,
    read_seal,
    read_seal_or_warn,
)

SECRET = b"9990000018 has a secret"
ABOUT = "controls/3/17 value"


def test_what_is_sealed_is_unreadable_and_opens_with_its_key_alone() -> None:
    seal = Seal(b"k" * 32)
    closed = seal.close(SECRET, ABOUT)
    assert closed is not None
    assert b"9990000018" not in closed
    assert seal.open(closed, ABOUT) == SECRET
    assert seal.close(SECRET, ABOUT) != closed  # another nonce each time
    with pytest.raises(UsageError, match="did not seal"):
        Seal(b"x" * 32).open(closed, ABOUT)


def test_sealed_bytes_are_bound_to_their_coordinates_and_cannot_be_changed() -> None:
    seal = Seal(b"k" * 32)
    closed = seal.close(SECRET, ABOUT) or b""
    spoiled = (
        (closed, "controls/3/18 value"),
        (closed[:-1] + bytes([closed[-1] ^ 1]), ABOUT),
        (b"\x01", ABOUT),
        (b"", ABOUT),
    )
    for content, about in spoiled:
        with pytest.raises(UsageError, match="did not seal"):
            seal.open(content, about)


def test_nothing_stays_nothing_and_empty_stays_empty() -> None:
    seal = Seal(b"k" * 32)
    assert seal.open(seal.close(None, ABOUT), ABOUT) is None
    assert seal.open(seal.close(b"", ABOUT), ABOUT) == b""


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_key_file(file)
    first = file.read_bytes()
    make_key_file(file)
    assert file.read_bytes() == first
    assert file.stat().st_mode & 0o777 == 0o600
    seal = read_seal(file)
    assert seal is not None
    assert seal.open(seal.close(SECRET, ABOUT), ABOUT) == SECRET


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds 0 bytes, a key has 32"),
        (b"not base64!", "holds no base64"),
        (base64.b64encode(b"short"), "holds 5 bytes, a key has 32"),
        (base64.b64encode(b"k" * 33), "holds 33 bytes, a key has 32"),
    ],
)
def test_a_file_without_a_key_is_refused_by_name_and_fault(
    tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(UsageError) as refused:
        read_seal(file)
    assert str(refused.value).startswith(f"RECORDGATE_QUARANTINE_KEY: {file}: {why};")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_key_file(file)
    file.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        read_seal(file)


def test_without_a_key_there_is_no_seal_and_the_log_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert read_seal_or_warn(None) is None
    assert capsys.readouterr().err.count("QUARANTINE_UNKEPT") == 1


def test_a_configured_file_that_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "missing"
    with pytest.raises(UsageError) as refused:
        read_seal_or_warn(file)
    said = str(refused.value)
    assert said.startswith(f"RECORDGATE_QUARANTINE_KEY: {file}: No such file or directory;")
    assert "docs/runbook/quarantine.md" in said


@pytest.mark.parametrize("device", [True, False])
def test_what_is_no_regular_file_is_refused_by_name(tmp_path: Path, device: bool) -> None:
    file = Path("/dev/null") if device else tmp_path
    with pytest.raises(UsageError) as refused:
        read_seal(file)
    said = str(refused.value)
    assert said.startswith(f"RECORDGATE_QUARANTINE_KEY: {file}: not a regular file;")
    assert "docs/runbook/quarantine.md" in said
