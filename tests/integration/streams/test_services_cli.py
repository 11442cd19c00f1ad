"""`recordgate services`: keys are added, shown and retired; who signs with one that was added is believed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from recordgate_runtime.process import ExitCode, exit_code
from recordgate_runtime.service_keys import ServiceKey, read_service_key
from recordgate_runtime.settings import settings
from recordgate_runtime.signing_keys import new_key
from recordgate_schemas import codec
from recordgate_schemas.entry import ThirdParty
from recordgate_schemas.errors import RecordgateError
from recordgate_schemas.topics import CONTROLS
from recordgate_streams.cli.services import app
from tests.support.builders import NHS_NUMBER, access, control, entry, registered, reviewed
from tests.support.ledger import Ledger

SINCE = ("--from", "2025-01-01T00:00:00+0000")


@pytest.fixture(autouse=True)
def _on_this_ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger.dsn)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def made(tmp_path: Path) -> tuple[ServiceKey, str]:
    """A service's key and its public half, as `rules keygen` makes them."""
    public = new_key(tmp_path / "key.pem")
    return read_service_key(tmp_path / "key.pem", "KEY"), public


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def ok(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


def refused(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, RecordgateError), error
    assert exit_code(error) is ExitCode.USAGE
    return str(error)


def listed(key: ServiceKey) -> list[dict[str, Any]]:
    return [one for one in json.loads(ok("list", "--json")) if one["key_id"] == key.key_id]


def test_a_review_counts_from_the_key_s_addition_on(
    ledger: Ledger, made: tuple[ServiceKey, str]
) -> None:
    key, public = made
    ledger.say(registered(), access())
    ledger.publish(entry(third_party=ThirdParty.PRESENT))
    release = codec.encode(CONTROLS, key.sign(control(reviewed("THIRD_PARTY"))))
    ledger.controls.process_batch([ledger.raw(CONTROLS, release, NHS_NUMBER.key)])
    assert ledger.view() == {}
    said = ok("add", "reviews", "--key", public, "--practice", "A82038", *SINCE)
    assert said == f"reviews may sign; its key is {key.key_id}\n"
    ledger.controls.process_batch([ledger.raw(CONTROLS, release, NHS_NUMBER.key)])
    assert list(ledger.view()) == [entry().entry_id]


def test_a_key_is_shown_with_its_practices_and_when_it_counts(
    made: tuple[ServiceKey, str],
) -> None:
    key, public = made
    practices = ("--practice", "A82038", "--practice", "B81001")
    ok("add", "reviews", "--key", public, *practices, *SINCE, "--until", "2025-02-01T00:00:00+0000")
    ok("add", "reviews", "--key", public, "--all-practices")
    lines = [line for line in ok("list").splitlines() if key.key_id in line]
    assert lines[0] == f"reviews  {key.key_id}  A82038 B81001  expired"
    assert lines[1].startswith(f"reviews  {key.key_id}  all practices  valid since ")
    assert [one["practices"] for one in listed(key)] == [["A82038", "B81001"], None]


def test_a_retired_key_stays_in_the_list_and_may_be_added_again(
    made: tuple[ServiceKey, str],
) -> None:
    key, public = made
    ok("add", "reviews", "--key", public, "--all-practices")
    assert "known already as reviews" in refused("add", "other", "--key", public, "--all-practices")
    assert ok("retire", "reviews") == f"reviews  {key.key_id}  retired\n"
    assert "no key of reviews counts" in refused("retire", "reviews")
    (only,) = listed(key)
    assert only["retired_at"] is not None
    ok("add", "reviews", "--key", public, "--all-practices")
    assert [one["retired_at"] is None for one in listed(key)] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name the practices with --practice ODS, or give --all-practices"),
        (("--all-practices", "--practice", "A82038"), "or give --all-practices"),
        (("--all-practices", *SINCE, "--until", "2024-01-01T00:00:00+0000"), "--until: must lie"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    made: tuple[ServiceKey, str], arguments: tuple[str, ...], says: str
) -> None:
    key, public = made
    assert says in refused("add", "reviews", "--key", public, *arguments)
    assert listed(key) == []


def test_a_text_that_is_no_public_key_is_refused() -> None:
    assert "public key: " in refused("add", "reviews", "--key", "no-key", "--all-practices")
