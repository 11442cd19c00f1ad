"""A file that an operator gives for a repair and that is no message: named, with status 2, and nothing is changed."""

import base64
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recordgate_runtime.settings import settings
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import CONTROLS
from recordgate_streams.cli.quarantine import app
from recordgate_streams.ledger.quarantine_seal import Seal
from tests.support.builders import NHS_NUMBER
from tests.support.ledger import Ledger


@pytest.mark.parametrize("content", [b"{", b"{}", b"\xc3\x01 neither", b'{"nhs_number": "1"}'])
def test_a_file_that_is_no_message_is_named_with_status_2_and_nothing_is_repaired(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    ledger.seal = Seal(b"k" * 32)
    ledger.restart()
    ledger.controls.process_batch(
        [ledger.raw(CONTROLS, b"\xc3\x01 perhaps a hide", NHS_NUMBER.digits.encode())]
    )
    key, file = tmp_path / "key", tmp_path / "repaired.json"
    key.write_bytes(base64.b64encode(b"k" * 32))
    key.chmod(0o600)
    file.write_bytes(content)
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger.dsn)
    monkeypatch.setenv("RECORDGATE_QUARANTINE_KEY", str(key))
    settings.cache_clear()
    done = CliRunner().invoke(app, ["repair", "controls/0/0", "--file", str(file)])
    settings.cache_clear()
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(f"--file {file}: ")
    assert ledger.owner.execute("select count(*) from quarantine_repair").fetchone() == (0,)


def test_a_long_list_says_how_many_more_there_are(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = NHS_NUMBER.digits.encode()
    ledger.controls.process_batch([ledger.raw(CONTROLS, b"\xc3\x01", key) for _ in range(5)])
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger.dsn)
    settings.cache_clear()
    some, every = (CliRunner().invoke(app, ["list", *more]) for more in (["--limit", "2"], []))
    settings.cache_clear()
    assert (len(some.stdout.splitlines()), some.stderr) == (
        2,
        "3 more are not listed; give --limit\n",
    )
    assert (len(every.stdout.splitlines()), every.stderr) == (5, "")
