"""What may be wrong with a record: its value, key, headers, place or number. Every mutation is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS
from recordgate_schemas.values import NhsNumber
from tests.hostile.histories import Sent

GREATEST, LEAST = 2**63 - 1, -(2**63)
REPLAY = "recordgate-replay-of"
Mutation = Callable[[Random, Sent, Sequence[NhsNumber]], Sent]


def mutated(rng: Random, record: Sent, others: Sequence[NhsNumber]) -> list[Sent]:
    """The record with something wrong, or twice; `others`: patients whom it may be taken for."""
    name = rng.choice(list(MUTATIONS))
    made = replace(MUTATIONS[name](rng, record, others), how=name)
    return [record, made] if name in BESIDE else [made]


def _flipped(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    value = bytearray(record.value or b"\0")
    for _n in range(rng.choice((1, 1, 3))):
        value[rng.randrange(len(value))] ^= 1 << rng.randrange(8)
    return replace(record, value=bytes(value))


def _cut(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    value = record.value or b""
    return replace(record, value=value[: rng.randrange(len(value) + 1)])


def _longer(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    return replace(record, value=(record.value or b"") + rng.randbytes(rng.choice((1, 8, 5_000))))


def _noise(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    head = rng.choice((b"", (record.value or b"")[:10]))
    return replace(record, value=head + rng.randbytes(rng.choice((0, 1, 40, 20_000))))


def _nothing(_: Random, record: Sent, _o: Sequence[NhsNumber]) -> Sent:
    return replace(record, value=None)


def _of_another_topic(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    other = rng.choice([topic for topic in TOPICS if topic is not record.topic])
    return replace(record, topic=other if other in (ENTRIES, CONTROLS) else record.topic)


def _fingerprint(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    value = record.value or b""
    return replace(record, value=value[:2] + rng.randbytes(8) + value[10:])


def _no_key(_: Random, record: Sent, _o: Sequence[NhsNumber]) -> Sent:
    return replace(record, key=None)


def _wrong_key(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    keys = (b"", b"\xff\xfe", b"9990000019", b"999 000 0018", b"*", b"9" * 40_000, b"\0" * 10)
    return replace(record, key=rng.choice(keys))


def _another_key(rng: Random, record: Sent, others: Sequence[NhsNumber]) -> Sent:
    return replace(record, key=rng.choice(others).key)


def _elsewhere(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    return replace(record, partition=rng.randrange(1_000))


def _headers(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    said = (
        (REPLAY, b"controls/0/0"),
        (REPLAY, b"controls/1/99999999999999999999"),
        (REPLAY, b"\xff"),
        (REPLAY, b"x" * 10_000),
        ("content-type", b"text/plain"),
    )
    return replace(record, headers=tuple(rng.sample(said, rng.randrange(1, 4))))


def _anothers(rng: Random, record: Sent, others: Sequence[NhsNumber]) -> Sent:
    """A valid message about another patient, with that patient's key."""
    number = rng.choice(others)
    return _changed(record, number, nhs_number=number)


def _about_another(rng: Random, record: Sent, others: Sequence[NhsNumber]) -> Sent:
    """A valid message about another patient, under the first one's key."""
    return replace(_changed(record, None, nhs_number=rng.choice(others)), key=record.key)


def _extreme(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    """A valid message with a value at the edge of what its schema allows; as it is, when that is refused."""
    message = _message(record)
    if isinstance(message, ClinicalEntry):
        name, value = rng.choice(
            (
                ("version", GREATEST), ("version", 0), ("version", LEAST),
                ("system", "x" * 10_000), ("system", "\0"), ("body", b""), ("body", b"[" * 50_000),
                ("body", b'{"id":' * 20_000), ("codes", message.codes * 400),
                ("links", message.links * 300), ("recorded_at", None), ("event_date", None),
            )
        )  # fmt: skip
        return _changed(record, None, **{name: value})
    name, value = rng.choice((("control_id", ""), ("control_id", "y" * 5_000), ("source", "\0")))
    return _changed(record, None, **{name: value})


def _older(rng: Random, record: Sent, _: Sequence[NhsNumber]) -> Sent:
    """An older version, or the same one with other content."""
    message = _message(record)
    if not isinstance(message, ClinicalEntry):
        return record
    if rng.random() < 0.5:
        return _changed(record, None, version=message.version - 1)
    return _changed(record, None, staff_private=not message.staff_private)


def _again(_: Random, record: Sent, _o: Sequence[NhsNumber]) -> Sent:
    return record


def _changed(record: Sent, number: NhsNumber | None, **fields: object) -> Sent:
    message = _message(record)
    if message is None:
        return record
    try:
        value = codec.encode(record.topic, replace(message, **fields))  # type: ignore[arg-type]
    except (PoisonError, ValueError, TypeError, OverflowError):
        return record
    return replace(record, value=value, key=record.key if number is None else number.key)


def _message(record: Sent) -> ClinicalEntry | Control | None:
    try:
        found: ClinicalEntry | Control = codec.decode(record.topic, record.value)
    except PoisonError:
        return None
    return found


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": _flipped,
    "cut short": _cut,
    "made longer": _longer,
    "noise": _noise,
    "no value": _nothing,
    "of another topic": _of_another_topic,
    "another fingerprint": _fingerprint,
    "no key": _no_key,
    "a key that is none": _wrong_key,
    "another patient's key": _another_key,
    "in any partition": _elsewhere,
    "headers": _headers,
    "about another patient": _anothers,
    "about another patient under this key": _about_another,
    "extreme": _extreme,
    "older, or in conflict": _older,
    "twice": _again,
}
BESIDE = ("headers", "about another patient", "extreme", "older, or in conflict", "twice")
"""Mutations sent beside the record, and not in its place."""
