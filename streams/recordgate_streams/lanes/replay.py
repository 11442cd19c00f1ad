"""Publishes quarantined records again where they belong, and confirms what an unreadable control has held.

SAFETY: a copy lifts the closing of its own original alone. A confirmation covers everything up to its position, so it
goes no further than the first control of the patient that still waits in quarantine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from recordgate_runtime.kafka import REPLAY_HEADER, topic_name
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.routing import partition_of
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.control import Control, StateConfirmed
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import PoisonError, UsageError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import BY_NAME, CONTROLS, ENTRIES, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.quarantine import QuarantinedRecord, QuarantineStore
from recordgate_streams.ledger.quarantine_seal import Seal

SOURCE = "recordgate quarantine"
_ACK_TIMEOUT_S = 15  # below the 30 s a transaction may idle: the record stays locked meanwhile

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
    """Who works on the quarantine, and when."""

    name: str
    at: datetime


class ReplaySender:
    """Sends replays to Kafka, to the partition computed from the number of partitions that the ledger has adopted."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings
        self._sender = KafkaSender(
            settings.kafka, "recordgate-quarantine", _ACK_TIMEOUT_S, partitions
        )

    def __call__(
        self, topic: Topic, number: NhsNumber, value: bytes, original: Coordinates | None
    ) -> None:
        """Send one message and wait until it is acknowledged."""
        headers = [(REPLAY_HEADER, str(original).encode())] if original else []
        message = (number.digits.encode(), value)
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
        value = data if data.startswith(codec.MARKER) else codec.encode(topic, _load(topic, data))
        codec.decode(topic, value)
        self._store.put_repair(where, value, self._seal, operator.at)
        self._store.note(where, "repaired", operator.name, operator.at)

    def replay(self, where: Coordinates, send: Send, operator: Operator) -> Replayed:
        """Publish a record where it belongs. A second time nothing is published."""
        topic = _topic(where)
        if self._store.find(where).state == "replayed":
            return Replayed(again=True)
        value = self._bytes_to_replay(where)
        try:
            number: NhsNumber = codec.decode(topic, value).nhs_number
        except PoisonError as error:
            raise UsageError(
                f"{where} cannot be read ({error}); repair it first: recordgate quarantine repair"
            ) from None
        is_control = topic is CONTROLS
        send(topic, number, value, where if is_control else None)
        self._store.note(where, "replayed", operator.name, operator.at)
        return self._confirm(where, number, send, operator) if is_control else Replayed(again=False)

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

    def _confirm(
        self, where: Coordinates, named: NhsNumber, send: Send, operator: Operator
    ) -> Replayed:
        """Confirm the state of the patient whose entries the decider holds since the original, if it holds any."""
        patient = self._held_since(where, named)
        if patient is None:
            return Replayed(again=False)
        through, waits_for = self._replayed_through(where, patient)
        if through is None:
            return Replayed(again=False, waits_for=waits_for)
        change = StateConfirmed(through)
        control = Control(f"quarantine {where}", patient, operator.at, SOURCE, change)
        send(CONTROLS, patient, codec.encode(CONTROLS, control), None)
        self._store.note(where, "confirmed", operator.name, operator.at)
        return Replayed(again=False, confirmed=through, waits_for=waits_for)

    def _held_since(self, where: Coordinates, named: NhsNumber) -> NhsNumber | None:
        """Return whose entries the decider holds because of a record: its key's, in that patient's own partition."""
        number: NhsNumber | None = named
        if self._seal is not None and self._store.find(where).is_key_kept:
            number = _patient(self._store.key(where, self._seal))
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
            if self._is_known_to_be_another_s(other, patient):
                continue
            if other.state != "replayed":
                return through, at
            through = at.offset
        return through, None

    def _is_known_to_be_another_s(self, other: QuarantinedRecord, patient: NhsNumber) -> bool:
        if self._seal is None or not other.is_key_kept:
            return False
        return _patient(self._store.key(other.where, self._seal)) != patient

    def _is_home(self, number: NhsNumber, where: Coordinates) -> bool:
        return partition_of(number.digits.encode(), self._partitions) == where.partition


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


def _patient(key: bytes | None) -> NhsNumber | None:
    try:
        return NhsNumber.parse((key or b"").decode("ascii", "replace"))
    except PoisonError:
        return None
