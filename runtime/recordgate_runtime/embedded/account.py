"""The account a service runs as when Recordgate is root: PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from recordgate_runtime.embedded.errors import NoAccountError

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


def account_for(home: Path) -> Account | None:
    """Return the account to run `home`'s service as, or None when we are not root.

    A folder that already belongs to somebody stays theirs.
    """
    if os.geteuid() != 0:
        return None
    owner = home.stat()
    return Account(owner.st_uid, owner.st_gid) if owner.st_uid != 0 else _own_account()


class Identity(TypedDict):
    """The arguments of `subprocess` that make a child the account's."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


def identity(account: Account | None) -> Identity:
    """Return the arguments for a child that runs as the account, or as we do."""
    if account is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def hand_over(path: Path, account: Account | None) -> None:
    """Give `path` to the account."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def grant_way(path: Path, account: Account | None) -> None:
    """Let the account walk through the folders above `path`.

    Only the right to pass is given, never the right to list, and only where it is missing.
    """
    if account is None:
        return
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def grant_programs(tree: Path, account: Account | None) -> None:
    """Let the account read and run what lies below `tree` (installed under a strict umask)."""
    if account is None:
        return
    grant_way(tree, account)
    for path in (tree, *tree.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)


def _own_account() -> Account:
    """Return Recordgate's own system account, made if possible, else `nobody`."""
    found = _find(_NAME) or _create() or _find(_FALLBACK)
    if found is None:
        raise NoAccountError("no account to run PostgreSQL as: start Recordgate as a normal user")
    return found


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create() -> Account | None:
    """Create the account; a loser of a race, or a machine that cannot, gets what there is."""
    useradd = shutil.which("useradd", path=os.defpath + ":/usr/sbin:/sbin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _NAME]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603  fixed words
    return _find(_NAME)
