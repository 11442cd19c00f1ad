"""The lanes and records outside their patient's partition; what is kept of them, and what replaying them does."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from recordgate_runtime import positions
from recordgate_runtime.migrate import migrations
from recordgate_runtime.postgres import connect
from recordgate_runtime.record import Record
from recordgate_runtime.routing import partition_of
from recordgate_runtime.settings import settings
from recordgate_schemas import codec
from recordgate_schemas.control import AccessSuspended, StateConfirmed
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import FatalError, PoisonError, UsageError
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.cli.quarantine import app
from recordgate_streams.lanes.replay import Operator, Quarantine, Replayed
from recordgate_streams.ledger.quarantine import QuarantineStore, seal_plain
from recordgate_streams.ledger.quarantine_seal import Seal
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, access, control, entry, registered
from tests.support.ledger import Ledger
from tests.support.signing import SERVICE

KEY = NHS_NUMBER.digits.encode()
OPERATOR = Operator("somebody", datetime(2026, 11, 20, tzinfo=UTC), SERVICE)
SEAL = Seal(b"k" * 32)
GARBAGE = b"\xc3\x01 perhaps a hide"


def astray(record: Record) -> Record:
    """The record in partition 0 of a topic where its key belongs elsewhere."""
    n = next(n for n in range(2, 9) if partition_of(record.key or b"", n) != 0)
    return replace(record, partitions=n)


class Sent(list[tuple[str, NhsNumber, bytes, Coordinates | None]]):
    def __call__(
        self, topic: Topic, number: NhsNumber, value: bytes, original: Coordinates | None
    ) -> None:
        self.append((topic.name, number, value, original))

    def confirmations(self) -> list[int]:
        controls = [
            codec.decode(CONTROLS, value) for topic, _, value, _ in self if topic == "controls"
        ]
        return [c.change.through for c in controls if isinstance(c.change, StateConfirmed)]


@pytest.fixture
def keeper(ledger_dsn: str) -> Iterator[psycopg.Connection]:
    with connect(ledger_dsn, "quarantine_keeper", autocommit=True) as connection:
        yield connection


@pytest.fixture
def sealed(ledger: Ledger) -> Ledger:
    """A ledger whose lanes have a key."""
    ledger.seal = SEAL
    ledger.restart()
    return ledger


@pytest.fixture
def operator(
    ledger_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CliRunner]:
    """Runs the commands on this test's ledger, with the key."""
    file = tmp_path / "quarantine.key"
    file.write_bytes(base64.b64encode(b"k" * 32))
    file.chmod(0o600)
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger_dsn)
    monkeypatch.setenv("RECORDGATE_QUARANTINE_KEY", str(file))
    settings.cache_clear()
    yield CliRunner()
    settings.cache_clear()


def show(operator: CliRunner, where: str, value_to: Path, key_to: Path) -> Result:
    return operator.invoke(
        app, ["show", where, "--value-to", str(value_to), "--key-to", str(key_to)]
    )


def replay(
    keeper: psycopg.Connection,
    where: str,
    sent: Sent,
    seal: Seal | None = SEAL,
    partitions: int = 1,
) -> Replayed:
    with keeper.transaction():
        quarantine = Quarantine(QuarantineStore(keeper), seal, partitions)
        return quarantine.replay(Coordinates.parse(where), sent, OPERATOR)


def repair(keeper: psycopg.Connection, where: str, data: bytes, seal: Seal | None = SEAL) -> None:
    with keeper.transaction():
        quarantine = Quarantine(QuarantineStore(keeper), seal, 1)
        quarantine.repair(Coordinates.parse(where), data, OPERATOR)


def test_a_control_elsewhere_changes_nothing_in_the_ledger_but_the_quarantine(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    ledger.controls.process_batch([astray(ledger.record(CONTROLS, control(AccessSuspended())))])
    ledger.controls.process_batch([astray(ledger.raw(CONTROLS, GARBAGE, KEY))])

    assert ledger.outcome("A82038/emis/e0")[0] == "RELEASED"
    assert ledger.owner.execute("select control_position from patient").fetchall() == [(1,)]
    errors = ledger.owner.execute("select error from quarantine order by record_offset").fetchall()
    assert "partition: is not" in errors[0][0]


def test_an_entry_elsewhere_is_quarantined_and_accounted_for(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.entries.process_batch([astray(ledger.record(ENTRIES, entry()))])
    assert ledger.view() == {}
    assert (ledger.account().quarantined, ledger.account().unaccounted) == (1, 0)


def test_the_notice_of_a_bad_record_has_none_of_its_key(ledger: Ledger) -> None:
    ledger.entries.process_batch(
        [ledger.raw(ENTRIES, b"x", KEY), ledger.raw(ENTRIES, b"x", b"9" * 1_200_000)]
    )
    assert {m.key for m in ledger.broker.sent if m.topic == "quarantined"} == {b""}


def test_without_a_key_nothing_is_kept_and_the_record_is_quarantined_all_the_same(
    ledger: Ledger, keeper: psycopg.Connection
) -> None:
    ledger.controls.process_batch([ledger.raw(CONTROLS, GARBAGE, KEY)])
    rows = ledger.owner.execute("select raw, sealed_key, sealed_value from quarantine").fetchall()
    assert rows == [(None, None, None)]
    with pytest.raises(UsageError, match="nothing was kept"):
        replay(keeper, "controls/0/0", Sent())
    with pytest.raises(UsageError, match="RECORDGATE_QUARANTINE_KEY"):
        repair(keeper, "controls/0/0", b"{}", seal=None)
    repaired = codec.encode(CONTROLS, control(AccessSuspended()))
    repair(keeper, "controls/0/0", repaired)  # the operator has a key by now
    sent = Sent()
    assert replay(keeper, "controls/0/0", sent).confirmed == 0


def test_what_is_kept_opens_with_the_key_alone(sealed: Ledger, keeper: psycopg.Connection) -> None:
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    store, where = QuarantineStore(keeper), Coordinates("controls", 0, 0)
    assert (store.key(where, SEAL), store.value(where, SEAL)) == (KEY, GARBAGE)
    with pytest.raises(UsageError, match="did not seal"):
        store.value(where, Seal(b"x" * 32))
    row = sealed.owner.execute("select concat(sealed_key, sealed_value) from quarantine").fetchone()
    assert row is not None
    assert KEY.hex() not in row[0]
    assert GARBAGE.hex() not in row[0]


def test_content_is_shown_into_new_private_files_and_logged(
    sealed: Ledger, operator: CliRunner, tmp_path: Path
) -> None:
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    value, key = tmp_path / "value", tmp_path / "key"
    assert show(operator, "controls/0/0", value, key).exit_code == 0
    assert (value.read_bytes(), key.read_bytes()) == (GARBAGE, KEY)
    assert [file.stat().st_mode & 0o777 for file in (value, key)] == [0o600, 0o600]
    assert {(offset, action) for offset, action, *_ in actions(sealed)} == {(0, "shown")}


@pytest.mark.parametrize("existing", ["value", "key"])
def test_a_file_that_exists_stays_as_it_is_and_no_content_is_taken(
    sealed: Ledger, operator: CliRunner, tmp_path: Path, existing: str
) -> None:
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    (tmp_path / existing).write_text("mine")
    done = show(operator, "controls/0/0", tmp_path / "value", tmp_path / "key")
    assert f"--{existing}-to: File exists" in str(done.exception)
    assert actions(sealed) == []
    assert {file.name for file in tmp_path.iterdir()} == {"quarantine.key", existing}
    assert (tmp_path / existing).read_text() == "mine"


def test_what_cannot_be_logged_is_not_shown(
    sealed: Ledger, operator: CliRunner, tmp_path: Path
) -> None:
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    sealed.owner.execute("revoke insert on quarantine_action from quarantine_keeper")
    try:
        done = show(operator, "controls/0/0", tmp_path / "value", tmp_path / "key")
    finally:
        sealed.owner.execute("grant insert on quarantine_action to quarantine_keeper")
    assert isinstance(done.exception, psycopg.errors.InsufficientPrivilege)
    assert {file.name for file in tmp_path.iterdir()} == {"quarantine.key"}


def test_a_misrouted_record_is_replayed_with_the_same_bytes_and_once(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    lost = sealed.record(CONTROLS, control(AccessSuspended()))
    sealed.controls.process_batch([astray(lost)])
    sent = Sent()
    # the ledger of this test has one partition, so the key's home is where the record lies: nothing else differs
    assert not replay(keeper, "controls/0/0", sent).again
    assert sent[0] == ("controls", NHS_NUMBER, lost.value, Coordinates("controls", 0, 0))
    before = len(sent), actions(sealed)
    assert replay(keeper, "controls/0/0", sent).again
    assert (len(sent), actions(sealed)) == before


def actions(ledger: Ledger) -> list[tuple[object, ...]]:
    return ledger.owner.execute(
        "select record_offset, action, who, at from quarantine_action order by action_id"
    ).fetchall()


def test_a_confirmation_goes_no_further_than_the_first_that_waits(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    other = OTHER_NUMBER.digits.encode()
    bad = [sealed.raw(CONTROLS, GARBAGE, key) for key in (other, KEY, b"rubbish", KEY, KEY)]
    sealed.controls.process_batch(bad)
    repaired = codec.encode(CONTROLS, control(AccessSuspended()))
    for offset in (1, 3, 4):
        repair(keeper, f"controls/0/{offset}", repaired)
    sent = Sent()
    waits = Coordinates("controls", 0, 1)
    assert replay(keeper, "controls/0/3", sent) == Replayed(again=False, waits_for=waits)
    assert replay(keeper, "controls/0/1", sent) == Replayed(
        again=False, confirmed=3, waits_for=Coordinates("controls", 0, 4)
    )
    assert replay(keeper, "controls/0/4", sent) == Replayed(again=False, confirmed=4)
    assert sent.confirmations() == [3, 4]


def test_the_decider_holds_until_the_confirmation_and_then_decides_with_the_repaired_control(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    sealed.say(registered(), access())
    sealed.publish(entry())
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    assert sealed.outcome("A82038/emis/e0")[0] == "HELD"
    repair(keeper, "controls/0/2", codec.encode(CONTROLS, control(access())))
    sent = Sent()
    replay(keeper, "controls/0/2", sent)
    copies = [sealed.raw(CONTROLS, value, number.digits.encode()) for _, number, value, _ in sent]
    sealed.controls.process_batch(copies[:1])
    assert sealed.outcome("A82038/emis/e0")[0] == "HELD"
    sealed.controls.process_batch(copies[1:])
    assert sealed.outcome("A82038/emis/e0")[0] == "RELEASED"


def test_what_breaks_a_rule_is_not_taken_as_a_repair(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    for data in (GARBAGE, b"{}", b"not json", b'{"nhs_number": "9990000019"}'):
        with pytest.raises(PoisonError):
            repair(keeper, "controls/0/0", data)
    with pytest.raises(UsageError, match="repair it first"):
        replay(keeper, "controls/0/0", Sent())
    with pytest.raises(UsageError, match="not in quarantine"):
        replay(keeper, "controls/0/7", Sent())
    assert actions(sealed) == []


def test_a_repair_cannot_change_whom_a_record_is_about(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    readable = codec.encode(CONTROLS, control(AccessSuspended()))
    sealed.controls.process_batch(
        [sealed.raw(CONTROLS, GARBAGE, KEY), sealed.raw(CONTROLS, readable, b"rubbish")]
    )
    mistyped = codec.encode(CONTROLS, control(AccessSuspended(), nhs_number=OTHER_NUMBER))
    for where in ("controls/0/0", "controls/0/1"):
        with pytest.raises(UsageError, match="another patient"):
            repair(keeper, where, mistyped)
    assert actions(sealed) == []
    for where in ("controls/0/0", "controls/0/1"):
        repair(keeper, where, readable)


def test_whom_the_key_names_is_lifted_too_when_the_control_is_about_somebody_else(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    value = codec.encode(CONTROLS, control(AccessSuspended(), nhs_number=OTHER_NUMBER))
    sealed.controls.process_batch([sealed.raw(CONTROLS, value, KEY)])
    many = next(n for n in range(2, 99) if partition_of(KEY, n) != 0)
    sent = Sent()
    replay(keeper, "controls/0/0", sent, partitions=many)
    where = Coordinates("controls", 0, 0)
    assert [(number, original) for _, number, _, original in sent[:2]] == [
        (OTHER_NUMBER, where),
        (NHS_NUMBER, where),
    ]
    assert sent[0][2] == value
    assert sent.confirmations()[0] == -1


def test_a_record_sealed_with_a_former_key_may_be_this_patients_and_stops_no_replay(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    sealed.seal = Seal(b"n" * 32)
    sealed.restart()
    sealed.controls.process_batch([sealed.raw(CONTROLS, GARBAGE, KEY)])
    repaired = codec.encode(CONTROLS, control(AccessSuspended()))
    repair(keeper, "controls/0/1", repaired, sealed.seal)
    sent = Sent()
    waits = Coordinates("controls", 0, 0)
    assert replay(keeper, "controls/0/1", sent, sealed.seal) == Replayed(
        again=False, waits_for=waits
    )
    assert replay(keeper, "controls/0/1", sent, sealed.seal).again
    assert len(sent) == 1


def test_a_crash_between_publishing_and_logging_publishes_the_same_again(
    sealed: Ledger, keeper: psycopg.Connection
) -> None:
    sealed.controls.process_batch([astray(sealed.record(CONTROLS, control(AccessSuspended())))])
    sent = Sent()

    def crash(*message: object) -> None:
        sent(*message)  # type: ignore[arg-type]
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        replay(keeper, "controls/0/0", crash)  # type: ignore[arg-type]
    replay(keeper, "controls/0/0", sent)
    assert sent[0] == sent[1]


def test_the_roles_can_do_no_more_than_they_must(
    ledger: Ledger, keeper: psycopg.Connection
) -> None:
    ledger.controls.process_batch([ledger.raw(CONTROLS, GARBAGE, KEY)])
    for statement in (
        "update quarantine set error = ''",
        "delete from quarantine_action",
        "select * from patient",
        "update partition_count set partitions = 9",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            keeper.execute(statement)
    with connect(ledger.dsn, "decider", autocommit=True) as decider:
        plain = (
            "insert into quarantine (topic, partition, record_offset, error, quarantined_at, raw)"
            "values ('controls', 0, 9, '', now(), 'plain')"
        )
        for statement in (plain, "update partition_count set partitions = 9"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                decider.execute(statement)


def test_a_ledger_stops_when_its_topics_have_grown(ledger: Ledger) -> None:
    refused = pytest.raises(FatalError, match=r"1 were adopted, there are 8.*partitions.md")
    with connect(ledger.dsn, "decider", autocommit=True) as decider, refused:
        positions.adopt_partitions(decider, 8)


def test_a_database_from_before_keeps_its_count_and_its_plain_bytes_are_encrypted(
    ledger: Ledger,
) -> None:
    (step,) = [
        m for m in migrations("recordgate_streams.ledger", "migrations") if "routing" in m.name
    ]
    counting = step.text[step.text.index("insert into partition_count") :].split(";")[0]
    ledger.owner.execute("truncate partition_count, source_position")
    ledger.owner.execute(
        "insert into source_position select topic, n, 'id', 0"
        " from unnest(array['entries', 'controls']) topic, generate_series(0, 3) n"
    )
    ledger.owner.execute(counting.encode())
    assert positions.read_partitions(ledger.owner) == 4

    ledger.owner.execute(
        "insert into quarantine (topic, partition, record_offset, error, raw, quarantined_at)"
        " values ('controls', 2, 7, 'body: bad', 'plain bytes', now())"
    )
    assert seal_plain(ledger.dsn, SEAL) == 1
    assert seal_plain(ledger.dsn, SEAL) == 0
    where = Coordinates("controls", 2, 7)
    assert QuarantineStore(ledger.owner).value(where, SEAL) == b"plain bytes"
    assert ledger.owner.execute("select raw from quarantine").fetchone() == (None,)
