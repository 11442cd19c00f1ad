"""Signatures of services over controls: a detached JWS over the control's canonical JSON (ADR 17).

The signature covers every field of the control but itself, so the patient, the entry, the instant and the id. Its `typ`
is for controls alone: no other text that a service signs counts as one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any, cast

from joserfc.jwk import OKPKey

from recordgate_runtime import jws
from recordgate_runtime.signing_keys import private_key
from recordgate_schemas.authority import must_be_signed
from recordgate_schemas.control import Control
from recordgate_schemas.errors import UsageError
from recordgate_schemas.mapping import mapper

PURPOSE = "recordgate-control+jws"
"""The `typ` of a signature over a control."""

_DUMP = cast("Callable[[Control], dict[str, Any]]", mapper(Control, "json").dump)


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A service's private key. `key_id`: the thumbprint of its public half (RFC 7638), which the ledger knows it by."""

    key_id: str
    _key: OKPKey = field(repr=False)

    @classmethod
    def of(cls, key: OKPKey) -> "ServiceKey":
        """Return a private key as a service's."""
        return cls(key_id_of(key), key)

    def sign(self, control: Control) -> Control:
        """Return the control with this service's signature; raise UsageError when it cannot be signed."""
        try:
            text = jws.sign(PURPOSE, _signed_content(control), self.key_id, self._key)
        except ValueError:
            raise UsageError("control: has a number that no signature can cover") from None
        return replace(control, signature=jws.detach(text))

    def sign_if_needed(self, control: Control) -> Control:
        """Return the control, signed if it counts only with a signature and has none."""
        needed = must_be_signed(control.change) and not control.signature
        return self.sign(control) if needed else control


def read_service_key(file: Path | None, setting: str) -> ServiceKey:
    """Return the key of the file that a setting names; raise UsageError when there is none, or others may read it."""
    if file is None:
        raise UsageError(f"{setting} is not set; name the file with the service's private key")
    return ServiceKey.of(private_key(file))


def key_id_of(key: OKPKey) -> str:
    """Return the thumbprint of a key's public half."""
    return key.thumbprint()


def named_key(control: Control) -> str | None:
    """Return the id of the key that a control's signature names, not verified; None when it names none."""
    try:
        return jws.named_signer(control.signature)
    except jws.BadSignature:
        return None


def is_signed_with(control: Control, key_id: str, public: OKPKey) -> bool:
    """Return whether this key signed exactly this control, as a control."""
    try:
        text = jws.attach(control.signature, _signed_content(control))
        jws.verify(text, PURPOSE, {key_id: public})
    except (jws.BadSignature, ValueError):
        return False
    return True


def _signed_content(control: Control) -> dict[str, Any]:
    """The control as it is read from Avro, where instants are in UTC."""
    in_utc = replace(control, effective_at=control.effective_at.astimezone(UTC))
    return {name: value for name, value in _DUMP(in_utc).items() if name != "signature"}
