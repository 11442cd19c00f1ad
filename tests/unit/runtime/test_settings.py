"""Settings: what is wrong in the environment is named at once, by variable."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from recordgate_runtime.settings import Settings


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
