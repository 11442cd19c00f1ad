"""A service's signature covers a whole control, for nothing but a control, and says nothing about the patient."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest
from joserfc.jwk import OKPKey

from recordgate_runtime import jws
from recordgate_runtime.service_keys import (
    PURPOSE,
    ServiceKey,
    is_signed_with,
    key_id_of,
    named_key,
    read_service_key,
)
from recordgate_runtime.signing_keys import new_key
from recordgate_schemas import codec
from recordgate_schemas.authority import must_be_signed
from recordgate_schemas.control import Change, Control
from recordgate_schemas.errors import UsageError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import CONTROLS
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, control, reviewed
from tests.support.largest import largest

PAIR = OKPKey.generate_key("Ed25519")
KEY_ID = key_id_of(PAIR)
SERVICE = ServiceKey.of(PAIR)
SIGNED = SERVICE.sign(control(reviewed("THIRD_PARTY")))


def holds(made: Control) -> bool:
    return is_signed_with(made, KEY_ID, PAIR)


def test_a_signature_holds_for_what_was_signed_also_after_kafka_and_in_another_time_zone() -> None:
    assert holds(SIGNED)
    assert named_key(SIGNED) == KEY_ID
    assert holds(codec.decode(CONTROLS, codec.encode(CONTROLS, SIGNED)))
    elsewhere = SIGNED.effective_at.astimezone(timezone(timedelta(hours=1)))
    assert holds(replace(SIGNED, effective_at=elsewhere))
    assert holds(SERVICE.sign(replace(SIGNED, effective_at=elsewhere)))


MUST_BE_SIGNED = [one for one in get_args(Change) if must_be_signed(largest(one))]


@pytest.mark.parametrize("change", MUST_BE_SIGNED, ids=lambda one: one.__name__)
def test_the_largest_control_that_must_be_signed_can_be_or_is_refused(change: type) -> None:
    made = control(largest(change))
    try:
        assert holds(SERVICE.sign(made))
    except UsageError as error:
        assert str(error) == "control: has a number that no signature can cover"  # noqa: PT017
        assert not holds(replace(made, signature=SIGNED.signature))


OTHERS: dict[str, Callable[[Control], Control]] = {
    "patient": lambda one: replace(one, nhs_number=OTHER_NUMBER),
    "id": lambda one: replace(one, control_id="another"),
    "instant": lambda one: replace(one, effective_at=one.effective_at + timedelta(microseconds=1)),
    "source": lambda one: replace(one, source="another"),
    "change": lambda one: replace(one, change=reviewed("COURT")),
}


@pytest.mark.parametrize("field", OTHERS)
def test_no_field_may_be_another(field: str) -> None:
    assert not holds(OTHERS[field](SIGNED))


def test_another_key_another_purpose_and_other_forms_do_not_hold() -> None:
    stranger = OKPKey.generate_key("Ed25519")
    assert not is_signed_with(SIGNED, KEY_ID, stranger)
    payload = _content(SIGNED)
    for purpose in ("recordgate-approval+jws", "JWT"):
        other = jws.detach(jws.sign(purpose, payload, KEY_ID, PAIR))
        assert not holds(replace(SIGNED, signature=other))
    assert holds(replace(SIGNED, signature=jws.detach(jws.sign(PURPOSE, payload, KEY_ID, PAIR))))
    header, _, signature = SIGNED.signature.partition("..")
    for text in ("", ".", "..", "...", f"{header}.x.{signature}", f"{header}..", "é..é", "a" * 400):
        assert not holds(replace(SIGNED, signature=text))
        assert named_key(replace(SIGNED, signature=text)) in {None, KEY_ID}


def _content(made: Control) -> object:
    dump = mapper(Control, "json").dump
    assert dump is not None
    return {name: value for name, value in dump(made).items() if name != "signature"}


def test_a_signature_and_a_key_say_nothing_about_the_patient_or_themselves() -> None:
    decoded = base64.urlsafe_b64decode(SIGNED.signature.partition(".")[0] + "==").decode()
    assert NHS_NUMBER.digits not in decoded
    assert json.loads(decoded) == {"alg": "Ed25519", "kid": KEY_ID, "typ": PURPOSE}
    assert repr(SERVICE) == f"ServiceKey(key_id='{KEY_ID}')"
    assert SIGNED.signature not in repr(SIGNED)


def test_signing_leaves_a_signature_and_what_needs_none_as_they_are(tmp_path: Path) -> None:
    new_key(tmp_path / "other.pem")
    other = read_service_key(tmp_path / "other.pem", "SETTING")
    assert other.sign_if_needed(SIGNED) == SIGNED
    assert other.key_id != KEY_ID


def test_a_key_that_is_not_set_or_not_its_owner_s_alone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="RECORDGATE_REVIEW_KEY is not set"):
        read_service_key(None, "RECORDGATE_REVIEW_KEY")
    file = tmp_path / "key.pem"
    new_key(file)
    file.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        read_service_key(file, "RECORDGATE_REVIEW_KEY")
