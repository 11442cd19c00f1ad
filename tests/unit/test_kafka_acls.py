"""Who may publish is named one by one: to Kafka `*` is everybody."""

import pytest

from recordgate_deploy.kafka_acls import apply_acls
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import UsageError


@pytest.mark.parametrize("name", ["*", "", "a b", "User:emis", "emis,tpp", "x" * 65])
def test_a_publisher_s_name_that_is_none_is_refused_before_the_broker_is_asked(name: str) -> None:
    nowhere = Settings(kafka="127.0.0.1:9")
    with pytest.raises(UsageError, match="--publisher"):
        apply_acls(nowhere, ["emis", name])
