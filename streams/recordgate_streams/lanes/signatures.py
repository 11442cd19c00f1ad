"""Whether a control counts: verified once, when it is folded.

A control that must be signed is held against the ledger's keys, a hide of a version against the source that the entry's
id names. SAFETY: what does not count is set aside and changes nothing. It holds nobody either: the gate may have closed
for it, so its patient is decided again, and the marker opens what the gate closed.
"""

from collections.abc import Sequence
from datetime import datetime

from recordgate_runtime.record import Record
from recordgate_runtime.service_keys import is_signed_with, named_key
from recordgate_runtime.signing_keys import public_key
from recordgate_schemas.authority import must_be_signed, practice_of
from recordgate_schemas.control import Change, Control, EntryHidden
from recordgate_schemas.values import is_foreign
from recordgate_streams.lanes.refusal import Refusal
from recordgate_streams.ledger.service_keys import KnownKey, ServiceKeyStore


def refusals(
    keys: ServiceKeyStore, controls: Sequence[tuple[Record, Control]]
) -> dict[Record, Refusal]:
    """Return the records whose controls do not count, and why; the keys are read once for all of them."""
    strange = {record: Refusal.OTHER_SOURCE for record, one in controls if _is_strange(one.change)}
    return strange | _unproven(keys, controls)


def _is_strange(change: Change) -> bool:
    """Whether a publisher hides a version of an entry whose id names another source."""
    if not isinstance(change, EntryHidden) or change.source_version is None:
        return False
    return is_foreign(change.entry_id, change.source_version.practice, change.source_version.system)


def _unproven(
    keys: ServiceKeyStore, controls: Sequence[tuple[Record, Control]]
) -> dict[Record, Refusal]:
    asked = [(record, one) for record, one in controls if must_be_signed(one.change)]
    names = [named_key(control) for _, control in asked]
    known = keys.named({name for name in names if name is not None})
    found = {}
    for (record, control), name in zip(asked, names, strict=True):
        periods = [key for key in known if key.key_id == name]
        if (refusal := _refusal(control, record.published_at, periods)) is not None:
            found[record] = refusal
    return found


def _refusal(control: Control, at: datetime, known: Sequence[KnownKey]) -> Refusal | None:
    """Return why a control does not count. `known`: all periods of the key that its signature names."""
    if not control.signature:
        return Refusal.UNSIGNED
    if not known:
        return Refusal.UNKNOWN_KEY
    if not _holds(control, known[0]):
        return Refusal.BROKEN
    valid = [key for key in known if key.is_valid_at(at)]
    if not valid:
        return Refusal.NOT_VALID
    practice = practice_of(control.change)
    return None if any(key.speaks_for(practice) for key in valid) else Refusal.OTHER_PRACTICE


def _holds(control: Control, key: KnownKey) -> bool:
    try:
        public = public_key(key.public_key)
    except ValueError:  # no key that we would have added
        return False
    return is_signed_with(control, key.key_id, public)
