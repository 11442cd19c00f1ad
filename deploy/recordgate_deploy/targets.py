"""Where the processes serve their metrics: chosen here, told to Prometheus by a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from recordgate_deploy.processes import Group, ProcessCommand
from recordgate_runtime.embedded.files import private_folder, write_whole
from recordgate_runtime.embedded.ports import LOOPBACK, settle_ports


def settle_metrics_ports(home: Path, commands: Sequence[ProcessCommand]) -> Mapping[str, int]:
    """Choose a loopback port for each app; as last time, where that is free."""
    names = [command.name for command in commands if command.group is Group.APPS]
    memory = private_folder(home / "ports")
    return dict(zip(names, settle_ports(*(memory / name for name in names)), strict=True))


def write_targets(path: Path, ports: Mapping[str, int]) -> None:
    """Write the ports in the form of Prometheus' file-based service discovery."""
    targets = [
        {"targets": [f"{LOOPBACK}:{port}"], "labels": {"process": name}}
        for name, port in ports.items()
    ]
    write_whole(path, json.dumps(targets, indent=2) + "\n")
