"""One PostgreSQL for all tests here, without a Kafka; an empty review database for each."""

from collections.abc import Iterator

import pytest

from tests.support.review import ReviewDatabase, running_postgres


@pytest.fixture(scope="session")
def review_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest.fixture
def review(review_dsn: str) -> Iterator[ReviewDatabase]:
    with ReviewDatabase(review_dsn) as database:
        database.empty()
        yield database
