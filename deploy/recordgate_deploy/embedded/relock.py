"""Write jgo.lock.toml anew from jgo.toml: for developers, when the broker's version changes.

Run `python -m recordgate_deploy.embedded.relock`, then review the difference.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import tomli_w
from jgo.env import EnvironmentSpec, LockFile
from jgo.maven import Dependency
from jgo.parse import Coordinate

from recordgate_deploy.embedded.jars import LOCK, SPEC, central

_SCOPES = ("compile", "runtime")
_FIELDS = ("groupId", "artifactId", "version", "packaging", "classifier", "sha256")


def relock() -> None:
    """Resolve the dependency graph once and write every jar with its sha256."""
    with tempfile.TemporaryDirectory() as store:
        locked = LockFile.from_resolved_dependencies(_resolve(Path(store)))
        # Only coordinates and hashes go in: no host, no path, no time, no jgo version.
        jars = [{k: v for k, v in d.to_dict().items() if k in _FIELDS} for d in locked.dependencies]
    jars.sort(key=lambda jar: (jar["groupId"], jar["artifactId"]))
    LOCK.write_text(tomli_w.dumps({"dependencies": jars}), encoding="utf-8")


def _resolve(store: Path) -> list[Dependency]:
    context = central(store)
    wanted = [
        context.create_dependency(replace(Coordinate.parse(coordinate), scope="compile"))
        for coordinate in EnvironmentSpec.load(SPEC).coordinates
    ]
    named, implied = context.resolver.resolve(wanted)
    return [*named, *(one for one in implied if one.scope in _SCOPES)]


if __name__ == "__main__":
    relock()
