"""Which Kafka and PostgreSQL are used, and what they are given: databases in their newest shape, topics."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from recordgate_consumers.processes import migrate_review, migrate_view
from recordgate_deploy import kafka_logins
from recordgate_deploy.kafka_acls import apply_acls
from recordgate_deploy.logins import add_passwords, give_logins, passfile_of
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.kafka import create_topics
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings, adopt, need, settings
from recordgate_runtime.signing_keys import new_key, private_key
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import Principal
from recordgate_streams.ledger.quarantine import seal_plain
from recordgate_streams.ledger.quarantine_seal import make_key_file, read_seal
from recordgate_streams.ledger.service_keys import ServiceKeyStore
from recordgate_streams.rollout.services import install


def no_servers_configured() -> bool:
    """Return whether no address is configured, so that embedded servers are meant."""
    known = settings()
    return not (known.kafka or known.ledger_dsn or known.view_dsn or known.review_dsn)


def find_embedded() -> None:
    """Adopt the addresses of the home folder's embedded servers, if it has any and none are configured."""
    home = settings().home
    if no_servers_configured() and _exists(home / "postgres"):
        from recordgate_deploy import embedded  # noqa: PLC0415  the extra `embedded`

        found = asdict(embedded.addresses(home))
        for name, file in key_files(home).items():
            if getattr(settings(), name) is None and _exists(file):
                found[name] = str(file.resolve())
        adopt({f"RECORDGATE_{name.upper()}": value for name, value in found.items()})


def key_files(home: Path) -> dict[str, Path]:
    """Return the key files of a home folder with embedded servers, by setting."""
    return {
        "quarantine_key": home / "quarantine.key",
        "review_key": home / "review.pem",
        "operator_key": home / "operator.pem",
    }


def make_key_files(home: Path) -> None:
    """Make the keys of a home folder with embedded servers that are missing.

    A key that is configured must be there: one made at a mistyped path would open nothing that was sealed before, and
    no ledger would know it.
    """
    known, files = settings(), key_files(home)
    if known.quarantine_key is None:
        make_key_file(files["quarantine_key"])
    else:
        read_seal(known.quarantine_key)
    for name in ("review_key", "operator_key"):
        if (configured := getattr(known, name)) is not None:
            private_key(configured)
        elif not files[name].exists():
            new_key(files[name])


def introduce_services(known: Settings) -> None:
    """Let a ledger that never knew a service know ours: the review service and the operator, for all practices."""
    files = {"review": known.review_key, "operator": known.operator_key}
    with connect(known.ledger_dsn, "service_keeper") as connection:
        found = {name: file for name, file in files.items() if file}
        install(ServiceKeyStore(connection), found, SystemClock())


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise UsageError(
            f"RECORDGATE_HOME: {path.parent}: {error.strerror}; name a folder that we may read"
        ) from None


def migrate_all(known: Settings) -> tuple[str, ...]:
    """Bring the three databases to their newest shape and return what was applied."""
    dsn = need(known.ledger_dsn, "RECORDGATE_LEDGER_DSN")
    ledger = migrate(dsn, migrations("recordgate_streams.ledger", "migrations"))
    if (seal := read_seal(known.quarantine_key)) is not None:
        seal_plain(dsn, seal)
    return (*ledger, *migrate_view(), *migrate_review())


def give_all_logins(known: Settings) -> dict[str, tuple[str, ...]]:
    """Let the roles of the three databases log in, with new passwords where they have none; return their names."""
    dsns = {
        "ledger": need(known.ledger_dsn, "RECORDGATE_LEDGER_DSN"),
        "view": need(known.view_dsn, "RECORDGATE_VIEW_DSN"),
        "review": need(known.review_dsn, "RECORDGATE_REVIEW_DSN"),
    }
    for dsn in dsns.values():
        add_passwords(passfile_of(dsn))
    given = {name: give_logins(dsn, name) for name, dsn in dsns.items()}
    if known.kafka_secrets is not None:
        kafka_logins.add_passwords(known.kafka_secrets)
        given["kafka"] = kafka_logins.give_logins(known.as_user(Principal.ADMIN))
    return given


def make_topics(known: Settings, publishers: Sequence[str] = ()) -> list[str]:
    """Create the topics and ACLs that are missing; return a line for each, and for each ACL that is not ours."""
    need(known.kafka, "RECORDGATE_KAFKA")
    admin = known.as_user(Principal.ADMIN)
    created = create_topics(admin)
    for name in created:
        log(LogCode.TOPIC_CREATED, topic=name)
    if admin.kafka_secrets is None:
        return created
    allowed, extra = apply_acls(admin, publishers)
    return [
        *created,
        *(f"allowed: {one}" for one in allowed),
        *(f"not ours: {one}" for one in extra),
    ]
