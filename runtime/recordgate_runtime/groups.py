"""Consumer groups as an operator sees them: who is in one, and from where it goes on."""

from collections.abc import Mapping
from contextlib import closing

from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from recordgate_runtime.kafka import open_admin, topic_name
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import Topic


def count_members(group: str, settings: Settings) -> int:
    """Return how many processes the broker counts as members of a group; one that died stays for some seconds."""
    with closing(open_admin(settings)) as admin:
        try:
            found = admin.describe_groups([group])[group]
        except KafkaError as error:
            raise RetryableError(f"group {group}: {type(error).__name__}") from error
    return len(found.get("members") or ())


def set_offsets(group: str, topic: Topic, offsets: Mapping[int, int], settings: Settings) -> None:
    """Let a group without members go on from these offsets."""
    places = {
        TopicPartition(topic_name(topic, settings), partition): OffsetAndMetadata(offset, "", -1)
        for partition, offset in offsets.items()
    }
    with closing(open_admin(settings)) as admin:
        try:
            answers = admin.alter_group_offsets(group, places)
        except KafkaError as error:
            raise RetryableError(f"group {group}: {type(error).__name__}") from error
    refused = {answer.__name__ for answer in answers.values() if answer.errno}
    if refused:
        raise RetryableError(f"group {group}: {', '.join(sorted(refused))}; does a lane still run?")
