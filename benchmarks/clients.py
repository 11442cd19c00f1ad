"""The speed of the Kafka clients alone, on this broker, now: what everything else is compared with."""

import time
import uuid
from collections.abc import Callable
from functools import partial

from benchmarks import kafka_clients
from benchmarks.numbers import Numbers, medians
from benchmarks.pipeline import pipeline
from recordgate_deploy.processes import APPS
from recordgate_runtime.kafka_access import KafkaAccess, access

MESSAGES = 60_000
ROUNDS = 3

Work = Callable[[], None]


def measure(*, short: bool) -> dict[str, object]:
    """Return messages per second and client CPU per message, medians over the rounds."""
    messages, rounds = (20_000, 1) if short else (MESSAGES, ROUNDS)
    with pipeline() as running:
        for app in APPS:
            running.runner.stop_process(app.name)
        found = [
            one_round(access(running.settings.as_user("admin")), messages, nth)
            for nth in range(rounds)
        ]
    return {
        "what": "The Kafka clients alone",
        "how": f"{messages} messages of 1 kB, 4 partitions, acks=all, idempotent; median of {rounds}",
        "numbers": medians(found),
    }


def one_round(kafka: KafkaAccess, messages: int, nth: int) -> Numbers:
    """Measure every client on topics of its own."""
    found: Numbers = {}
    for client in (kafka_clients.Confluent(kafka), kafka_clients.KafkaPython(kafka)):
        source, target = f"{client.name}-{nth}-in", f"{client.name}-{nth}-out"
        kafka_clients.create(kafka, source, target)
        found |= _timed(
            f"{client.name}_produce", messages, partial(client.produce, source, messages)
        )
        found |= _timed(
            f"{client.name}_consume", messages, partial(client.consume, source, messages)
        )
        found |= _timed(
            f"{client.name}_pass_through",
            messages,
            partial(client.pass_through, source, target, messages),
        )
    return found


def pass_through_limit(kafka: KafkaAccess, messages: int) -> float:
    """Return what librdkafka passes through per second on this broker, now: the yardstick of a run."""
    client, name = kafka_clients.Confluent(kafka), f"limit-{uuid.uuid4().hex}"
    source, target = f"{name}-in", f"{name}-out"
    kafka_clients.create(kafka, source, target)
    client.produce(source, messages)
    found = _timed("limit", messages, partial(client.pass_through, source, target, messages))
    return found["limit_per_s"]


def _timed(name: str, messages: int, work: Work) -> Numbers:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        f"{name}_per_s": round(messages / wall),
        f"{name}_cpu_us_each": round(cpu * 1e6 / messages, 1),
    }
