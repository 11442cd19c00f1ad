"""The ledger under test: both lanes over a real PostgreSQL, a broker's offsets, and a publisher that can fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from recordgate_runtime.postgres import connect
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.control import Change, Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.messages import IncarnationMessage, Redecided, Release, Retract
from recordgate_schemas.topics import BY_NAME, CONTROLS, ENTRIES, Topic
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.lanes.controls import ControlsLane
from recordgate_streams.lanes.entries import EntriesLane
from recordgate_streams.ledger.account import Account, read_account
from recordgate_streams.ledger.clock import LedgerClock
from recordgate_streams.ledger.incarnations import IncarnationStore
from recordgate_streams.ledger.quarantine_seal import Seal
from recordgate_streams.ledger.rows import Outgoing
from recordgate_streams.ledger.rules import RulesInForce
from recordgate_streams.ledger.unit_of_work import LaneLedger
from recordgate_streams.ruleset import Ruleset
from tests.support.builders import NHS_NUMBER, NOW, RULESET, control
from tests.support.clock import FrozenClock
from tests.support.consumers import INCARNATION
from tests.support.signing import SERVICE, introduce

PARTITION = 0
TABLES = (
    "source_position, account, patient, entry, entry_mark, snapshot, former_decision, proxy_decision, last_decision,"
    " redecision, outbox, outgoing_sequence, quarantine, pointer, root, reached, current_task,"
    " active_ruleset, rule_application, partition_count, quarantine_repair, quarantine_action, outcome_count,"
    " incarnation, incarnation_partition, clock_accepted, service_key, service_key_retirement"
)


class Crash(RetryableError):
    """What a publisher raises when its test wants the process to die."""


@dataclass(slots=True)
class Broker:
    """Keeps what was published; `crash_after` messages it raises its fault, and in the end unless it `confirms`."""

    sent: list[Outgoing] = field(default_factory=list)
    crash_after: int | None = None
    confirms: bool = True
    fault: Exception = field(default_factory=lambda: Crash("stop here"))

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Keep messages until it is time to crash."""
        for message in messages:
            if self.crash_after == 0:
                raise self.fault
            if self.crash_after is not None:
                self.crash_after -= 1
            self.sent.append(message)
        if not self.confirms:
            raise self.fault

    def messages(self, topic: str = "released") -> list[Any]:
        """Return what was published about patients on a topic, in the order of numbers, each number once."""
        return [m for m in self.every(topic) if not isinstance(m, IncarnationMessage)]

    def notices(self, topic: str = "released") -> list[IncarnationMessage]:
        """Return what was published about the partition itself."""
        return [m for m in self.every(topic) if isinstance(m, IncarnationMessage)]

    def every(self, topic: str) -> list[Any]:
        """Return all that was published on a topic, in the order of numbers, each number once."""
        by_sequence = {m.sequence: m for m in self.sent if m.topic == topic}
        return [codec.decode(BY_NAME[topic], by_sequence[n].value) for n in sorted(by_sequence)]


class Ledger:
    """Both lanes as two processes would run them; `restart` gives them new connections."""

    def __init__(
        self, dsn: str, ruleset: Ruleset = RULESET, bodies: BodyReader | None = None
    ) -> None:
        self.dsn = dsn
        self.seal: Seal | None = None
        self._ruleset = ruleset
        self._bodies = bodies or BodyReader()
        self.broker = Broker()
        self.clock = FrozenClock(NOW)
        self.real_clock: LedgerClock | None = None
        self.page_entries = 500
        self.ends = (0, 0)
        self.limits: dict[str, int] = {}
        self._offsets = {ENTRIES.name: 0, CONTROLS.name: 0}
        self.owner = psycopg.connect(dsn, autocommit=True)
        self.owner.execute(f"truncate {TABLES}".encode())
        introduce(self.owner)
        self._open: list[psycopg.Connection] = []
        self._begin_open()
        self.restart()

    def _begin_open(self) -> None:
        """Give the ledger its incarnation as if its readers had opened the partition already."""
        IncarnationStore(self.owner).begin_first((), 1, NOW)
        self.owner.execute("update incarnation_partition set phase = 'open'")
        self.owner.execute("update incarnation set number = %s", (INCARNATION,))
        self.owner.execute("update outgoing_sequence set incarnation = %s", (INCARNATION,))

    def restart(self) -> None:
        """Begin again as after a crash: new connections, then resume."""
        self.entries, self.controls = self.entries_lane(), self.controls_lane()
        self.entries.resume([PARTITION])
        self.controls.resume([PARTITION])

    def entries_lane(self, bodies: BodyReader | None = None) -> EntriesLane:
        """Return an entries lane with a connection of its own."""
        transaction = self._transaction("entries", ENTRIES)
        return EntriesLane(transaction, bodies or self._bodies, self.settings())

    def controls_lane(self) -> ControlsLane:
        """Return a controls lane with a connection of its own."""
        transaction = self._transaction("controls", CONTROLS)
        return ControlsLane(transaction, self.settings(), lambda _: {PARTITION: self.ends})

    def settings(self) -> Settings:
        return Settings.model_validate({"page_entries": self.page_entries, **self.limits})

    def _transaction(self, lane: str, topic: Topic) -> LaneLedger:
        connection = connect(self.dsn, "decider", autocommit=True)
        self._open.append(connection)
        rules = RulesInForce(self._ruleset)
        clock = self.real_clock or self.clock
        transaction = LaneLedger(
            lane,
            connection,
            self.broker.publish,
            clock,
            rules,
            bodies=self._bodies,
            most_bytes=self.settings().batch_bytes,
            newest=lambda _: (),
            seal=self.seal,
        )
        transaction.adopt(topic, "topic-1", 1)
        return transaction

    def say(self, *changes: Change | Control) -> list[Record]:
        """Publish controls and let the lane take them in."""
        controls = [c if isinstance(c, Control) else control(c) for c in changes]
        records = [self.record(CONTROLS, c) for c in controls]
        self.controls.process_batch(records)
        return records

    def publish(self, *entries: ClinicalEntry) -> list[Record]:
        """Publish entry versions and let the lane take them in."""
        records = [self.record(ENTRIES, e) for e in entries]
        self.entries.process_batch(records)
        return records

    def record(self, topic: Topic, message: ClinicalEntry | Control) -> Record:
        """Return the message as the broker's next record; a control that must be signed is."""
        if isinstance(message, Control):
            message = SERVICE.sign_if_needed(message)
        return self.raw(topic, codec.encode(topic, message), message.nhs_number.digits.encode())

    def raw(self, topic: Topic, value: bytes, key: bytes) -> Record:
        """Return any bytes as the broker's next record."""
        offset = self._offsets[topic.name]
        self._offsets[topic.name] += 1
        return Record(topic.name, PARTITION, offset, int(NOW.timestamp() * 1000), key, value)

    def phase(self) -> str:
        """Return how far the partition has come in the ledger's incarnation."""
        row = self.owner.execute("select phase from incarnation_partition").fetchone()
        assert row is not None
        return str(row[0])

    def account(self) -> Account:
        """Return the conservation account."""
        return read_account(self.owner)

    def outcome(self, entry_id: str, audience: str = "self") -> tuple[str, str | None]:
        """Return outcome and headline in force."""
        row = self.owner.execute(
            "select outcome, headline from current_decision where entry_id = %s and audience = %s",
            (entry_id, audience),
        ).fetchone()
        assert row is not None, f"{entry_id} has no decision for {audience}"
        return row[0], row[1]

    def view(self) -> dict[str, int]:
        """Return what a view applying everything published would hold: entry id to version, for `self`."""
        held: dict[str, int] = {}
        for message in self.broker.messages():
            match message.change:
                case Release(audience="self"):
                    held[message.change.entry_id] = message.change.version
                case Retract(audience="self"):
                    held.pop(message.change.entry_id, None)
                case Redecided() | Release() | Retract():
                    pass
        return held

    def markers(self) -> list[int]:
        """Return the positions of the re-decision markers published, in order."""
        found = [m.change for m in self.broker.messages() if m.nhs_number == NHS_NUMBER]
        return [change.through for change in found if isinstance(change, Redecided)]

    def close(self) -> None:
        """Close every connection."""
        for connection in (*self._open, self.owner):
            connection.close()
