"""A topic whose settings let records vanish, or let publishers date them, is read by nobody."""

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from recordgate_deploy.embedded import Addresses
from recordgate_runtime import positions
from recordgate_runtime.kafka import create_topics, open_admin, topic_name, topic_state
from recordgate_runtime.log_watch import SETTINGS_EVERY_S, LogWatch
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import CONTROLS, ENTRIES

WRONG = [
    ("cleanup.policy", "compact"),
    ("cleanup.policy", "compact,delete"),
    ("message.timestamp.type", "CreateTime"),
]


@pytest.fixture
def db(services: Addresses) -> Iterator[psycopg.Connection]:
    migrate(services.ledger_dsn, migrations("recordgate_streams.ledger", "migrations"))
    with psycopg.connect(services.ledger_dsn, autocommit=True) as opened:
        opened.execute("truncate source_position")
        yield opened


@pytest.fixture
def known(services: Addresses, db: psycopg.Connection) -> Settings:
    settings = Settings(kafka=services.kafka, topic_prefix=f"{uuid4().hex}.", partitions=1)
    create_topics(settings)
    positions.adopt(db, CONTROLS.name, topic_state(CONTROLS, settings).topic_id, 0)
    return settings


def alter(settings: Settings, topic: str, name: str, value: str) -> None:
    change = ConfigResource(ConfigResourceType.TOPIC, topic, {name: value})
    with closing(open_admin(settings)) as admin:
        admin.alter_configs([change])


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_reader_of_such_a_topic_stops_and_goes_on_when_it_was_put_right(
    known: Settings, db: psycopg.Connection, name: str, value: str
) -> None:
    now = 0.0
    running = LogWatch(CONTROLS, known, db, monotonic=lambda: now)
    running.begin()
    alter(known, topic_name(CONTROLS, known), name, value)
    now += SETTINGS_EVERY_S
    for watch in (running, LogWatch(CONTROLS, known, db)):
        with (
            closing(watch),
            pytest.raises(FatalError, match=rf"controls: {name} .*topic-settings.md"),
        ):
            watch.check()
    alter(known, topic_name(CONTROLS, known), name, dict(RIGHT)[name])
    with closing(LogWatch(CONTROLS, known, db)) as watch:
        watch.check()


def test_the_settings_of_other_topics_are_the_business_of_their_readers(
    known: Settings, db: psycopg.Connection
) -> None:
    alter(known, topic_name(ENTRIES, known), "cleanup.policy", "compact")
    with closing(LogWatch(CONTROLS, known, db)) as watch:
        watch.check()


RIGHT = (("cleanup.policy", "delete"), ("message.timestamp.type", "LogAppendTime"))
