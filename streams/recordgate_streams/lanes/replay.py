"""Publishes quarantined records again where they belong, and confirms what an unreadable control has held.

SAFETY: a copy lifts the closing of its own original and its own patient alone, and a repair cannot change whom a record
is about. A confirmation covers everything up to its position, so it goes no further than the first control of the
patient that still waits in quarantine. Everything is worked out before the first message is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from recordgate_runtime.kafka import REPLAY_HEADER, topic_name
from recordgate_runtime.kafka_access import access
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.routing import partition_of
from recordgate_runtime.service_keys import ServiceKey
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.authority import must_be_signed
from recordgate_schemas.control import Control, StateConfirmed
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import PoisonError, UsageError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import BY_NAME, CONTROLS, ENTRIES, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.lanes.refusal import is_refusal
from recordgate_streams.ledger.quarantine import QuarantinedRecord, QuarantineStore
from recordgate_streams.ledger.quarantine_seal import Seal

SOURCE = "recordgate quarantine"
_ACK_TIMEOUT_S = 15  # below the 30 s a transaction may idle: the record stays locked meanwhile

_NOTHING = -1
"""The position of a `StateConfirmed` that confirms nothing, and only lifts what its original had closed."""

Send = Callable[[Topic, NhsNumber, bytes, Coordinates | None], None]
"""Publishes a message about a patient, as a replay of a record if one is given, and returns once it is acknowledged."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay has done: `confirmed` is None when nothing was held, or `waits_for` keeps it held."""

    again: bool
    confirmed: int | None = None
    waits_for: Coordinates | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who works on the quarantine, when, and with which key what must be signed is signed."""

    name: str
    at: datetime
    key: ServiceKey | None = None

    def signed(self, control: Control) -> Control:
        """Return a control, signed if it must be; raise UsageError when there is no key to sign it with."""
        if self.key is not None:
            return self.key.sign_if_needed(control)
        if must_be_signed(control.change) and not control.signature:
            raise UsageError(
                "RECORDGATE_OPERATOR_KEY is not set; such a control counts only with a signature,"
                " see docs/runbook/service-keys.md"
            )
        return control


class ReplaySender:
    """Sends replays to Kafka, to the partition computed from the number of partitions that the ledger has adopted."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings
        self._sender = KafkaSender(
            access(settings), "recordgate-quarantine", _ACK_TIMEOUT_S, partitions
        )

    def __call__(
        self, topic: Topic, number: NhsNumber, value: bytes, original: Coordinates | None
    ) -> None:
        """Send one message and wait until it is acknowledged."""
        headers = [(REPLAY_HEADER, str(original).encode())] if original else []
        message = (number.key, value)
        self._sender.send_all(topic_name(topic, self._settings), [message], headers)

    def close(self) -> None:
        """Disconnect."""
        self._sender.close()


class Quarantine:
    """The quarantine as an operator uses it, inside one transaction. `partitions`: how many every topic has."""

    def __init__(self, store: QuarantineStore, seal: Seal | None, partitions: int) -> None:
        self._store = store
        self._seal = seal
        self._partitions = partitions

    def repair(self, where: Coordinates, data: bytes, operator: Operator) -> None:
        """Put other bytes in a record's place: Avro, or JSON. Raises PoisonError if they break a rule."""
        topic = _topic(where)
        if self._store.find(where).state == "replayed":
            raise UsageError(f"{where} was replayed; publish a correction as any other message")
        if self._seal is None:
            raise UsageError("RECORDGATE_QUARANTINE_KEY: needed to keep what is repaired encrypted")
        message = codec.decode(topic, data) if data.startswith(codec.MARKER) else _load(topic, data)
        if isinstance(message, Control):
            message = operator.signed(message)
        value = codec.encode(topic, message)
        self._check_patient(where, message.nhs_number)
        self._store.put_repair(where, value, self._seal, operator.at)
        self._store.note(where, "repaired", operator.name, operator.at)

    def replay(self, where: Coordinates, send: Send, operator: Operator) -> Replayed:
        """Publish a record where it belongs. A second time nothing is published."""
        topic = _topic(where)
        found = self._store.find(where)
        if found.state == "replayed":
            return Replayed(again=True)
        value = self._bytes_to_replay(where)
        try:
            number: NhsNumber = codec.decode(topic, value).nhs_number
        except PoisonError as error:
            raise UsageError(
                f"{where} cannot be read ({error}); repair it first: recordgate quarantine repair"
            ) from None
        self._check_patient(where, number)
        if topic is CONTROLS:
            return self._replay_control(found, number, value, send, operator)
        send(topic, number, value, None)
        self._store.note(where, "replayed", operator.name, operator.at)
        return Replayed(again=False)

    def _replay_control(
        self,
        found: QuarantinedRecord,
        number: NhsNumber,
        value: bytes,
        send: Send,
        operator: Operator,
    ) -> Replayed:
        where = found.where
        # a control that was refused held nobody
        held = None if is_refusal(found.error) else self._held_since(where, number)
        through, waits_for = self._replayed_through(where, held) if held else (None, None)
        others = sorted(n for n in self._named_in(where) - {number} if not self._is_home(n, where))
        copies = [(number, value)]
        copies += [(n, _confirmation(where, n, _NOTHING, operator)) for n in others]
        confirmations = (
            [(held, _confirmation(where, held, through, operator))]
            if held is not None and through is not None
            else []
        )
        for patient, copy in copies:
            send(CONTROLS, patient, copy, where)
        self._store.note(where, "replayed", operator.name, operator.at)
        for patient, confirmation in confirmations:
            send(CONTROLS, patient, confirmation, None)
            self._store.note(where, "confirmed", operator.name, operator.at)
        return Replayed(again=False, confirmed=through, waits_for=waits_for)

    def _check_patient(self, where: Coordinates, number: NhsNumber) -> None:
        """Refuse a message about a patient whom the record does not name, as far as that is known."""
        named = self._named_in(where)
        if named and number not in named:
            raise UsageError(
                f"{where}: the repaired message is about another patient than the record; check its nhs_number"
            )

    def _named_in(self, where: Coordinates) -> set[NhsNumber]:
        """Return the patients that the record's key and value name, as far as they were kept and can be opened."""
        value = self._opened(self._store.value, where)
        found = {
            NhsNumber.of_key(self._opened(self._store.key, where)),
            _patient_named(where, value),
        }
        return {number for number in found if number is not None}

    def _opened(
        self, read: Callable[[Coordinates, Seal], bytes | None], where: Coordinates
    ) -> bytes | None:
        """Return what is sealed; None when it was not kept, or was sealed with a former key."""
        if self._seal is None:
            return None
        try:
            return read(where, self._seal)
        except UsageError:
            return None

    def _bytes_to_replay(self, where: Coordinates) -> bytes:
        found = None
        if self._seal is not None:
            found = self._store.repaired(where, self._seal) or self._store.value(where, self._seal)
        if found is None:
            raise UsageError(
                f"the bytes of {where} are not here: nothing was kept, or RECORDGATE_QUARANTINE_KEY is"
                " not set; read the record from Kafka, then recordgate quarantine repair"
            )
        return found

    def _held_since(self, where: Coordinates, named: NhsNumber) -> NhsNumber | None:
        """Return whose entries the decider holds because of a record: its key's, in that patient's own partition."""
        key = self._opened(self._store.key, where)
        number = named if key is None else NhsNumber.of_key(key)
        return number if number is not None and self._is_home(number, where) else None

    def _replayed_through(
        self, where: Coordinates, patient: NhsNumber
    ) -> tuple[int | None, Coordinates | None]:
        """Return the last position below which no control of the patient waits, and the first one that waits."""
        through = None
        for other in self._store.all():
            at = other.where
            if (at.topic, at.partition) != (where.topic, where.partition):
                continue
            if is_refusal(other.error) or self._is_known_to_be_another_s(other, patient):
                continue
            if at != where and other.state != "replayed":
                return through, at
            through = at.offset
        return through, None

    def _is_known_to_be_another_s(self, other: QuarantinedRecord, patient: NhsNumber) -> bool:
        key = self._opened(self._store.key, other.where)
        return key is not None and NhsNumber.of_key(key) != patient

    def _is_home(self, number: NhsNumber, where: Coordinates) -> bool:
        return partition_of(number.key, self._partitions) == where.partition


def _confirmation(where: Coordinates, number: NhsNumber, through: int, operator: Operator) -> bytes:
    change = StateConfirmed(through)
    made = Control(f"quarantine {where}", number, operator.at, SOURCE, change)
    return codec.encode(CONTROLS, operator.signed(made))


def _topic(where: Coordinates) -> Topic:
    topic = BY_NAME.get(where.topic)
    if topic not in (ENTRIES, CONTROLS) or topic is None:
        raise UsageError("only records of entries and controls are quarantined")
    return topic


def _load(topic: Topic, data: bytes) -> Any:
    try:
        plain = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise PoisonError("neither Avro nor JSON; write the message as one JSON object") from None
    return mapper(topic.message, "json").load(plain)


def _patient_named(where: Coordinates, value: bytes | None) -> NhsNumber | None:
    try:
        number: NhsNumber = codec.decode(_topic(where), value).nhs_number
    except PoisonError:
        return None
    return number
