"""All of Recordgate on one machine: servers if none are configured, databases, topics, every process."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from recordgate_consumers.processes import migrate_review, migrate_view
from recordgate_deploy.processes import APPS, ProcessCommand
from recordgate_deploy.supervisor import Supervisor, end_previous
from recordgate_runtime.kafka import create_topics
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.settings import Settings, adopt, environment, need, settings


@contextlib.contextmanager
def running(home: Path, output: IO[bytes] | None = None) -> Iterator[Supervisor]:
    """Run every process while the block lasts; `output` gets the combined log."""
    commands = (*_servers(home), *APPS)
    supervisor = Supervisor(home, commands, environment(), output=output)
    supervisor.start(before_apps=lambda: _prepare(home))
    try:
        yield supervisor
    finally:
        supervisor.stop()


def _servers(home: Path) -> tuple[ProcessCommand, ...]:
    """Return the embedded servers, their addresses settled and adopted; nothing when addresses are configured."""
    home.mkdir(parents=True, exist_ok=True)
    adopt({"RECORDGATE_HOME": str(home.resolve())})
    if not settings().embedded:
        return ()
    from recordgate_deploy.backing import backing_services  # noqa: PLC0415  the extra `embedded`
    from recordgate_runtime import embedded  # noqa: PLC0415

    services = backing_services(home)
    end_previous(home, (*services, *APPS))
    embedded.prepare_services(home)
    embedded.settle_addresses(home)
    find_embedded()
    return services


def find_embedded() -> None:
    """Adopt the addresses of the home folder's embedded servers, if it has any and none are configured."""
    home = settings().home
    if not settings().embedded or not (home / "postgres").exists():
        return
    from recordgate_runtime import embedded  # noqa: PLC0415

    found = embedded.addresses(home)
    adopt(
        {
            "RECORDGATE_KAFKA": found.kafka,
            "RECORDGATE_LEDGER_DSN": found.ledger_dsn,
            "RECORDGATE_VIEW_DSN": found.view_dsn,
            "RECORDGATE_REVIEW_DSN": found.review_dsn,
        }
    )


def _prepare(home: Path) -> None:
    """Make what the apps need, once the servers answer."""
    if (home / "postgres").exists():
        from recordgate_runtime import embedded  # noqa: PLC0415

        embedded.create_databases(home)
    migrate_all(settings())
    make_topics(settings())


def migrate_all(known: Settings) -> tuple[str, ...]:
    """Bring the three databases to their newest shape and return what was applied."""
    dsn = need(known.ledger_dsn, "RECORDGATE_LEDGER_DSN")
    ledger = migrate(dsn, migrations("recordgate_streams.ledger", "migrations"))
    return (*ledger, *migrate_view(), *migrate_review())


def make_topics(known: Settings) -> list[str]:
    """Create the topics that are missing and return their names."""
    need(known.kafka, "RECORDGATE_KAFKA")
    created = create_topics(known)
    for name in created:
        log(LogCode.TOPIC_CREATED, topic=name)
    return created
