"""Where Kafka is and who we are there: as each of the three client libraries wants to hear it.

SASL with SCRAM-SHA-512, over TLS when certificates are configured. Passwords lie in files, one for each user.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recordgate_runtime.private_files import refuse_readable
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import UsageError

MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Addresses, and a user with a password; without a user nobody signs in."""

    servers: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None

    @property
    def protocol(self) -> str:
        """Kafka's name for how connections are made."""
        plain = "SSL" if self.ca else "PLAINTEXT"
        return f"SASL_{plain}" if self.user else plain

    @property
    def away(self) -> str:
        """What is said when no connection comes about: clients do not tell a refusal from silence."""
        refused = f", and lets {self.user} in with its password" if self.user else ""
        return (
            "Kafka is not reachable at RECORDGATE_KAFKA;"
            f" see that it runs, that the address is right{refused}"
        )

    def kafka_python(self) -> dict[str, Any]:
        """Return the options of a kafka-python client."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers.split(","),
            "security_protocol": self.protocol,
        }
        if self.user:
            options |= {
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options | ({"ssl_cafile": str(self.ca)} if self.ca else {})

    def librdkafka(self) -> dict[str, Any]:
        """Return the options of a confluent-kafka client."""
        options = {"bootstrap.servers": self.servers, "security.protocol": self.protocol}
        if self.user:
            options |= {
                "sasl.mechanism": MECHANISM,
                "sasl.username": self.user,
                "sasl.password": self.password,
            }
        return options | ({"ssl.ca.location": str(self.ca)} if self.ca else {})

    def tls(self) -> ssl.SSLContext | None:
        """Return the context of a client that takes one; None without TLS."""
        return ssl.create_default_context(cafile=str(self.ca)) if self.ca else None


def access(settings: Settings) -> KafkaAccess:
    """Return how to reach Kafka as the settings' user; raise UsageError when its password cannot be read."""
    if settings.kafka_secrets is None:
        return KafkaAccess(settings.kafka, ca=settings.kafka_ca)
    if not settings.kafka_user:
        raise UsageError("RECORDGATE_KAFKA_SECRETS is set; set RECORDGATE_KAFKA_USER too")
    password = read_password(settings.kafka_secrets / settings.kafka_user)
    return KafkaAccess(settings.kafka, settings.kafka_user, password, settings.kafka_ca)


def group_name(user: str, settings: Settings) -> str:
    """Return the consumer group of a lane of the decider; nobody else has one."""
    return f"{settings.topic_prefix}recordgate-{user}"


def read_password(file: Path) -> str:
    """Return the password in a file; raise UsageError when there is none, or others may read it."""
    refuse_readable(file, "RECORDGATE_KAFKA_SECRETS")
    password = file.read_text("utf-8").strip()
    if not password:
        raise UsageError(f"RECORDGATE_KAFKA_SECRETS: {file}: is empty")
    return password
