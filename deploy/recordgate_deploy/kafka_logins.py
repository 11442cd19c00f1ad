"""Gives Kafka's principals their passwords, from a folder with one file for each."""

import secrets
from pathlib import Path
from typing import Any

from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import KafkaError

from recordgate_deploy.files import private_folder, write_atomically
from recordgate_deploy.waiting import await_true
from recordgate_runtime.kafka import open_admin
from recordgate_runtime.kafka_access import read_password
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import Principal

_IN_FORCE_S = 30.0
_GIVEN = tuple(one for one in Principal if one is not Principal.ADMIN)


def add_password(file: Path) -> None:
    """Write a new password into a file that is not there."""
    if not file.exists():
        write_atomically(file, secrets.token_urlsafe(32) + "\n")


def add_passwords(folder: Path) -> None:
    """Write a new password for each principal that has none; the administrator's is the cluster's to give."""
    for principal in _GIVEN:
        add_password(private_folder(folder) / principal)


def give_logins(settings: Settings) -> tuple[str, ...]:
    """Let each principal but the administrator, who asks for it, sign in with its password; return their names."""
    if settings.kafka_secrets is None:
        return ()
    folder = settings.kafka_secrets
    names = [one for one in _GIVEN if (folder / one).exists()]
    given = [
        UserScramCredentialUpsertion(
            name, ScramMechanism.SCRAM_SHA_512, read_password(folder / name)
        )
        for name in names
    ]
    admin = open_admin(settings)
    try:
        admin.alter_user_scram_credentials(given)
        if not await_true(lambda: _known(admin) >= set(names), timeout_s=_IN_FORCE_S):
            raise RetryableError("Kafka took the passwords and does not know them yet; repeat")
    except KafkaError as error:
        raise RetryableError(f"Kafka refused the passwords ({type(error).__name__})") from None
    finally:
        admin.close()
    return tuple(names)


def _known(admin: Any) -> set[str]:
    return set(admin.describe_user_scram_credentials())
