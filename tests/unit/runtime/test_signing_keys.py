"""Signing keys: Ed25519 and nothing else, private ones for their owner alone, public ones in one form."""

import base64
import stat
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from recordgate_runtime.signing_keys import (
    SMALL_ORDER,
    new_key,
    private_key,
    public_key,
    public_text,
)
from recordgate_schemas.errors import UsageError

ED448 = OKPKey.generate_key("Ed448")
MADE = OKPKey.generate_key("Ed25519")


def test_a_private_key_is_for_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    text = new_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert public_text(private_key(file)) == text == public_text(public_key(text))
    before = file.read_bytes()
    with pytest.raises(UsageError, match=r"key\.pem: exists already"):
        new_key(file)
    assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"key\.pem: cannot be written"):
        new_key(tmp_path / "none" / "key.pem")


PRIVATE: dict[str, tuple[bytes | None, str]] = {
    "no key": (b"no key", "no private key"),
    "another curve": (ED448.as_pem(private=True), "no private Ed25519 key"),
    "another kind": (ECKey.generate_key("P-256").as_pem(private=True), "not Ed25519"),
    "a public key": (MADE.as_pem(private=False), "no private Ed25519 key"),
    "a password": (MADE.as_pem(private=True, password="secret"), "without a password"),  # noqa: S106
    "no file": (None, "No such file"),
}


@pytest.mark.parametrize("what", PRIVATE)
def test_a_file_without_the_right_key_is_refused(tmp_path: Path, what: str) -> None:
    content, why = PRIVATE[what]
    file = tmp_path / "key.pem"
    if content is not None:
        file.touch(mode=0o600)
        file.write_bytes(content)
    with pytest.raises(UsageError, match=rf"key\.pem: .*{why}"):
        private_key(file)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_that_others_may_read_or_change_is_not_used(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "key.pem"
    new_key(file)
    file.chmod(mode)
    with pytest.raises(UsageError, match=r"key\.pem: others may read it; chmod 600"):
        private_key(file)


RAW = base64.b64encode(bytes(range(32))).decode()
PUBLIC = {
    "nothing": "",
    "no base64": "short",
    "32 bytes alone": RAW,
    "another curve": public_text(ED448),
    "another kind": base64.b64encode(RSAKey.generate_key(2048).as_der(private=False)).decode(),
    "a private key": base64.b64encode(MADE.as_der(private=True)).decode(),
    "more after it": base64.b64encode(MADE.as_der(private=False) + b"x").decode(),
    "a line end": public_text(MADE) + "\n",
    "PEM": base64.b64encode(MADE.as_pem(private=False)).decode(),
}


@pytest.mark.parametrize("what", PUBLIC)
def test_what_is_no_public_key_in_the_one_form_is_refused(what: str) -> None:
    with pytest.raises(ValueError, match="no Ed25519 public key in base64"):
        public_key(PUBLIC[what])


@pytest.mark.parametrize("point", sorted(SMALL_ORDER))
@pytest.mark.parametrize("sign", [0x00, 0x80])
def test_a_key_of_small_order_is_refused_for_anybody_could_sign(point: bytes, sign: int) -> None:
    spki = bytes.fromhex("302a300506032b6570032100") + point[:31] + bytes([point[31] | sign])
    with pytest.raises(ValueError, match="Ed25519"):
        public_key(base64.b64encode(spki).decode())
