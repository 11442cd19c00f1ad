"""supervisord's configuration, written anew at every start.

It holds no secret: addresses with passwords reach the processes through the environment they
inherit.
"""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from recordgate_deploy.processes import Group, ProcessCommand

Section = tuple[str, Mapping[str, object]]

_STOP_WAIT_S = {Group.APPS: 20, Group.KAFKA: 30, Group.POSTGRES: 30}
# A process that has lived this long is up; one that ends sooner is tried again after 1, 2, 3 ... s.
_UP_AFTER_S = 1
_FOR_EVER = 1_000_000


@dataclass(frozen=True, slots=True)
class ConfigPaths:
    """Where supervisord and its processes find and leave things."""

    home: Path
    socket: Path

    @property
    def config(self) -> Path:
        """The configuration itself."""
        return self.home / "supervisord.conf"

    @property
    def marks(self) -> Path:
        """The folder of the marks (see marks.py)."""
        return self.home / "marks"


def render(paths: ConfigPaths, commands: Sequence[ProcessCommand], ports: Mapping[str, int]) -> str:
    """Return the text of the configuration; `ports` are the metrics ports, by process."""
    parts = [
        ("supervisord", _daemon(paths)),
        ("unix_http_server", {"file": paths.socket, "chmod": "0700"}),
        ("rpcinterface:supervisor", {"supervisor.rpcinterface_factory": _RPC}),
        *_groups(commands),
        *(_program(paths, command, ports.get(command.name)) for command in commands),
    ]
    return "\n".join(_section(*part) for part in parts)


_RPC = "supervisor.rpcinterface:make_main_rpcinterface"


def _daemon(paths: ConfigPaths) -> Mapping[str, object]:
    root = {"user": "root"} if os.geteuid() == 0 else {}  # said aloud, it does not complain
    return {
        **root,
        "nodaemon": "true",
        "silent": "true",
        "logfile": paths.home / "supervisord.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": 2,
        "pidfile": paths.home / "supervisord.pid",
        "childlogdir": paths.home,
        "umask": "077",
        "minprocs": 50,
    }


def _groups(commands: Sequence[ProcessCommand]) -> Iterator[Section]:
    """Yield a section per group; supervisord stops the highest number first, one by one."""
    for group, members in groupby(sorted(commands, key=_group), key=_group):
        names = ",".join(member.name for member in members)
        yield f"group:{group.label}", {"programs": names, "priority": int(group)}


def _group(command: ProcessCommand) -> Group:
    return command.group


def _program(paths: ConfigPaths, command: ProcessCommand, metrics_port: int | None) -> Section:
    child = (sys.executable, "-m", "recordgate_deploy.child", str(paths.marks / command.name))
    environment = f'RECORDGATE_PROCESS="{command.name}"'
    if metrics_port is not None:
        environment += f',RECORDGATE_METRICS_PORT="{metrics_port}"'
    return f"program:{command.name}", {
        "command": shlex.join((*child, *command.argv)),
        "environment": environment,
        "autostart": "false",  # supervisor.py starts them, each group when the one before answers
        "autorestart": "true",
        "startsecs": _UP_AFTER_S,
        "startretries": _FOR_EVER,
        "stopsignal": command.stop_signal.name.removeprefix("SIG"),
        "stopwaitsecs": _STOP_WAIT_S[command.group],
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": "/dev/fd/1",
        "stdout_logfile_maxbytes": 0,
    }


def _section(name: str, values: Mapping[str, object]) -> str:
    # A percent sign would start an expansion.
    lines = (f"{key} = {str(value).replace('%', '%%')}\n" for key, value in values.items())
    return f"[{name}]\n" + "".join(lines)
