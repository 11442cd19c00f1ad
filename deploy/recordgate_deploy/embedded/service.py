"""A server as a value, and the account it runs as when Recordgate is root: PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from recordgate_schemas.errors import UsageError

# The whole environment of a server: nothing is inherited, so no secret leaks into it.
PLAIN_ENV: Mapping[str, str] = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}
_NAME = "recordgate"
_FALLBACK = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group id of this machine."""

    uid: int
    gid: int

    def assume(self) -> None:
        """Make this process the account's, for good."""
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)

    def own(self, *paths: Path) -> None:
        """Give the paths to the account."""
        for path in paths:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True)
class Service:
    """One foreground process, complete: nothing else is needed to run it."""

    argv: tuple[str, ...]
    cwd: Path
    account: Account | None = None

    def become(self) -> NoReturn:
        """Replace this process by the server, so that whoever started this process holds the server's pid."""
        os.chdir(self.cwd)  # first: the account may not be allowed to
        if self.account is not None:
            self.account.assume()
        os.execve(self.argv[0], self.argv, dict(PLAIN_ENV))  # noqa: S606  no shell wanted

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end with further options, as the account."""
        account = self.account
        return subprocess.run(  # noqa: S603  our own words and paths
            (*self.argv, *options),
            cwd=self.cwd,
            env=dict(PLAIN_ENV),
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def account_for(home: Path) -> Account | None:
    """Return the account to run the server of `home` as, or None when we are not root.

    A folder that already belongs to a user stays theirs. Raises UsageError when the machine has no account to use.
    """
    if os.geteuid() != 0:
        return None
    owner = home.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    found = _find(_NAME) or _create() or _find(_FALLBACK)
    if found is None:
        raise UsageError("no account to run PostgreSQL as: start Recordgate as a normal user")
    return found


def let_pass(path: Path) -> None:
    """Let other accounts walk through the folders above `path`: pass, not list, and only where that is missing."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def let_run(tree: Path) -> None:
    """Let other accounts read and run the programs below `tree`, which a strict umask may forbid."""
    let_pass(tree)
    for path in (tree, *tree.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create() -> Account | None:
    """Create the account; None on a machine that cannot. Of two that try at once, both get it."""
    useradd = shutil.which("useradd", path=os.defpath + ":/usr/sbin:/sbin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _NAME]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603  fixed words
    return _find(_NAME)
