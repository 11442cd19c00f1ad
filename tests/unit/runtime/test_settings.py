"""Settings: what is wrong in the environment is named at once, by variable."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.settings import Settings, settings
from recordgate_schemas.errors import UsageError


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    settings.cache_clear()


@pytest.mark.parametrize("kafka", ["", "localhost:9092", "a.example:1,b-2:65535", "[::1]:9092"])
def test_addresses_of_kafka_are_hosts_with_ports(kafka: str) -> None:
    assert Settings(kafka=kafka).kafka == kafka


@pytest.mark.parametrize("kafka", ["::::", "localhost", "localhost:", "a:1,", "a:1 b:2", ":9092"])
def test_anything_else_is_refused_before_a_client_sees_it(kafka: str) -> None:
    with pytest.raises(ValidationError, match=r"is not host:port\[,host:port\]"):
        Settings(kafka=kafka)


def test_an_empty_quarantine_key_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDGATE_QUARANTINE_KEY", "")
    assert Settings().quarantine_key is None
    monkeypatch.setenv("RECORDGATE_QUARANTINE_KEY", "some/key")
    assert Settings().quarantine_key == Path("some/key")


def wrong(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """Return what a command says of an environment."""
    for name, value in variables.items():
        monkeypatch.setenv(f"RECORDGATE_{name}", value)
    settings.cache_clear()
    with pytest.raises(UsageError) as refused:
        settings()
    return str(refused.value)


def test_every_wrong_variable_is_named_in_our_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = wrong(monkeypatch, KAFKA="localhost", VIEW_DSN="host=a nonsense")
    assert said == (
        "settings: RECORDGATE_KAFKA: is not host:port[,host:port];"
        " RECORDGATE_VIEW_DSN: is no PostgreSQL address, postgresql://user@host/database"
    )


@pytest.mark.parametrize("name", ["LEDGER_DSN", "VIEW_DSN", "REVIEW_DSN"])
def test_of_three_addresses_the_wrong_one_is_named_and_its_password_is_not_shown(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hunter2"  # noqa: S105
    said = wrong(monkeypatch, **{name: f"postgresql://u:{secret}@h/db?nonsense"})
    assert said.startswith(f"settings: RECORDGATE_{name}: is no PostgreSQL address")
    assert secret not in said


def test_a_tick_above_a_third_of_the_lease_is_refused_by_every_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = wrong(monkeypatch, GATE_LEASE_S="12", GATE_TICK_S="4.1")
    assert (
        said
        == "settings: RECORDGATE_GATE_TICK_S: is more than a third of RECORDGATE_GATE_LEASE_S, 12"
    )
    monkeypatch.setenv("RECORDGATE_GATE_TICK_S", "4")
    assert Settings().gate_tick_s == 4


def test_a_log_line_is_written_whatever_is_wrong_with_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = wrong(monkeypatch, KAFKA="localhost")
    log(LogCode.FATAL, advice=said)
    line = json.loads(capsys.readouterr().err)
    assert (line["process"], line["advice"]) == ("recordgate", said)
