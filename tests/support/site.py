"""A site under test: both lanes, gate lane and view sink in this process, over a real Kafka and real databases.

Nothing runs by itself: `settle` reads every topic to its end, from the positions in the databases. The ledger can be
backed up and restored, as by an operator who has only the database server's own commands.
"""

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from recordgate_consumers.review.review_sink import ReviewSink
from recordgate_consumers.review.work_columns import WorkTime
from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.read import read_view
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_deploy.embedded import Addresses
from recordgate_runtime import positions
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.kafka import PartitionReader, create_topics, topic_state
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.postgres import connect, connect_as_owner
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_runtime.sink import Batches, Handler
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import CONTROLS, ENTRIES, HELD, RELEASED, Topic
from recordgate_schemas.values import SELF, NhsNumber
from recordgate_streams.lanes.lane import Lane, open_lane
from recordgate_streams.lanes.publish import KafkaPublisher
from recordgate_streams.lanes.restore import restore
from recordgate_streams.ledger.incarnations import SQL as LEDGER_SQL
from recordgate_streams.ledger.rows import Outgoing
from tests.support.ledger import Crash
from tests.support.services import broker

DATABASES = {
    "ledger": ("recordgate_streams.ledger", "migrations"),
    "view": ("recordgate_consumers", "migrations/view"),
    "review": ("recordgate_consumers", "migrations/review"),
}


class Dying:
    """Publishes so many messages more; then its process dies."""

    def __init__(self, settings: Settings, left: int) -> None:
        self._real, self._left = KafkaPublisher(settings), left

    def publish(self, messages: Sequence[Outgoing]) -> None:
        part = messages[: self._left]
        self._left -= len(part)
        self._real.publish(part)
        if len(part) < len(messages):
            raise Crash("stop here")


class Site:
    """One site, in databases and topics of its own: `name` is their prefix. One partition."""

    def __init__(self, services: Addresses, name: str, **more: object) -> None:
        self.name = name
        self._server = services.ledger_dsn
        for database, folder in DATABASES.items():
            self._administer("create database {}", f"{name}_{database}")
            migrate(self.dsn(database), migrations(*folder))
        values = {"kafka": services.kafka, "topic_prefix": f"{name}-", "partitions": 1}
        dsns = {f"{database}_dsn": self.dsn(database) for database in DATABASES}
        self.settings = Settings.model_validate(values | dsns | more)
        create_topics(self.settings)
        self.sender = KafkaSender(broker(services.kafka), "tests", partitions=1)
        with psycopg.connect(self.dsn("view"), autocommit=True) as owner:
            owner.execute("insert into gate_freshness values (0, clock_timestamp(), '1 year')")
        self.lanes: dict[str, Lane] = {}

    def dsn(self, database: str) -> str:
        options: dict[str, Any] = conninfo_to_dict(self._server) | {
            "dbname": f"{self.name}_{database}"
        }
        return make_conninfo(**options)

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(sql.SQL(cast("Any", statement)).format(*map(sql.Identifier, names)))

    def publish(self, *messages: ClinicalEntry | Control) -> None:
        """Publish entries and controls, acknowledged, each in its topic."""
        for message in messages:
            topic = ENTRIES if isinstance(message, ClinicalEntry) else CONTROLS
            sent = (message.nhs_number.digits.encode(), codec.encode(topic, message))
            self.sender.send_all(self.settings.topic_prefix + topic.name, [sent])

    def start(self, dying_after: int | None = None) -> None:
        """Start both lanes as processes do: open, then resume what they are given."""
        for name in ("entries", "controls"):
            lane = self.lanes[name] = open_lane(cast("Any", name), self.settings)
            if dying_after is not None:
                _publish_through(lane, Dying(self.settings, dying_after))
            try:
                self.lanes[name].resume([0])
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Let go of the lanes and end their connections, as when their processes are killed."""
        for lane in self.lanes.values():
            cast("Any", lane)._ledger._db.close()
        self.lanes.clear()
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                (f"{self.name}_ledger",),
            )

    def decide(self) -> None:
        """Let both lanes read to the end of their topics, from the positions in the ledger."""
        for name, topic in (("controls", CONTROLS), ("entries", ENTRIES)):
            with psycopg.connect(self.dsn("ledger")) as ledger:
                start = positions.read(ledger, topic.name)
            for records in self._read(topic, start):
                self.lanes[name].process_batch(records)
        self.lanes["controls"].tick([0])

    def apply(self) -> None:
        """Let the gate lane and the sinks read to the end of their topics."""
        self.apply_controls()
        self.apply_released()
        self._apply("review", "review_sink", HELD, ReviewSink(WorkTime(10, 2)))

    def apply_controls(self) -> None:
        """Let the gate lane read to the end."""
        self._apply("view", "gate_writer", CONTROLS, GateLane(SystemClock()))

    def apply_released(self) -> None:
        """Let the view sink read to the end."""
        self._apply("view", "view_sink", RELEASED, ViewSink(SystemClock()))

    def settle(self) -> None:
        self.decide()
        self.apply()

    def _apply(self, database: str, role: str, topic: Topic, handler: Handler) -> None:
        with connect(self.dsn(database), role, autocommit=True) as connection:
            state = topic_state(topic, self.settings)
            positions.adopt(connection, topic.name, state.topic_id, 0)
            batches = Batches(topic, connection, handler, self.settings)
            reader = PartitionReader(topic, self.settings, positions.read(connection, topic.name))
            end = reader.end_offsets()[0]
            while positions.read(connection, topic.name)[0] < end:
                records = reader.poll(0.2, 1000)
                batches.run(records, reader.passed())
            reader.close()

    def _read(self, topic: Topic, start: dict[int, int]) -> list[list[Record]]:
        reader = PartitionReader(topic, self.settings, start)
        end, at = reader.end_offsets()[0], start[0]
        found: list[list[Record]] = []
        while at < end:
            if records := reader.poll(0.2, 1000):
                found.append(records)
                at = max(at, records[-1].offset + 1)
            at = max([at, *(span.end for span in reader.passed())])
        reader.close()
        return found

    def backup(self, database: str = "ledger") -> None:
        """Copy a database as it is now; the lanes are stopped for it."""
        self.stop()
        self._administer("drop database if exists {}", f"{self.name}_backup")
        self._copy(database, "backup")

    def restore(self, database: str = "ledger") -> None:
        """Put the backup in the database's place. The backup stays."""
        self.stop()
        self._administer("drop database {}", f"{self.name}_{database}")
        self._copy("backup", database)

    def _copy(self, source: str, target: str) -> None:
        names = (f"{self.name}_{target}", f"{self.name}_{source}")
        self._administer("create database {} template {}", *names)

    def lose(self) -> None:
        """Lose the ledger without a backup: an empty one takes its place."""
        self.stop()
        self._administer("drop database {}", f"{self.name}_ledger")
        self._administer("create database {}", f"{self.name}_ledger")
        migrate(self.dsn("ledger"), migrations(*DATABASES["ledger"]))

    def pretend_it_never_moved(self) -> None:
        """Let the ledger believe that it lives where it always did, as a copy of the server's files would."""
        with psycopg.connect(self.dsn("ledger"), autocommit=True) as owner:
            found = owner.execute(cast("Any", LEDGER_SQL["database_identity"])).fetchone()
            assert found is not None
            owner.execute("update incarnation set database = %s", (found[0],))

    def say_restore(self) -> int:
        """Do what the operator's command does."""
        self.stop()
        with connect_as_owner(self.dsn("ledger"), autocommit=True) as ledger:
            return restore(ledger, self.settings, SystemClock()).incarnation

    def bodies(self, who: NhsNumber) -> list[bytes]:
        """Return what the patient sees."""
        with connect(self.dsn("view"), "view_reader", autocommit=True) as reader:
            return [entry.body for entry in read_view(reader, who, SELF)]

    def ask(self, database: str, query: str) -> list[Any]:
        """Return the rows of a question to one of the databases."""
        with psycopg.connect(self.dsn(database), autocommit=True) as owner:
            return owner.execute(cast("Any", query)).fetchall()

    def close(self) -> None:
        self.stop()
        self.sender.close()


def _publish_through(lane: Lane, publisher: Dying) -> None:
    cast("Any", lane)._ledger._delivery._publish = publisher.publish
