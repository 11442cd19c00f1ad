"""The embedded broker's settings and Java options, as data."""

from collections.abc import Mapping

from recordgate_runtime.embedded.ports import LOOPBACK

_YEAR_HOURS = 8760
# The largest body is 8 MiB; the envelope, the headers and the batch around it need room too.
_LARGEST_MESSAGE = 9 * 1024 * 1024

# One node is broker and controller at once: nothing here can be replicated.
_SINGLE_NODE: Mapping[str, object] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    # After a kill the node may come back once its old session is over: 9 s by default.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
}

_OURS: Mapping[str, object] = {
    # Topics are made by `recordgate topics`, with the right partition count, or not at all.
    "auto.create.topics.enable": "false",
    "num.partitions": 4,
    # The broker's clock is the one that retention and delays are measured by.
    "log.message.timestamp.type": "LogAppendTime",
    "log.retention.hours": _YEAR_HOURS,
    "message.max.bytes": _LARGEST_MESSAGE,
    "replica.fetch.max.bytes": _LARGEST_MESSAGE,
    "group.initial.rebalance.delay.ms": 0,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "num.recovery.threads.per.data.dir": 2,
}

# A small heap and the quick compiler: a broker that is up soon, beside everything else.
JAVA_OPTIONS = (
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


def server_settings(*, data: object, port: int, controller_port: int) -> Mapping[str, object]:
    """Return the complete settings of a node that keeps its log in `data`."""
    return {
        **_SINGLE_NODE,
        **_OURS,
        "log.dirs": data,
        "listeners": f"BROKER://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
    }
