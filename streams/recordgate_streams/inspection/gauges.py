"""The conservation account and the application of a new ruleset as gauges, read from the ledger at each scrape."""

from recordgate_runtime.metrics import ACCOUNT, RULE_PATIENTS_WAITING, UNACCOUNTED
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings
from recordgate_streams.ledger.account import read_account
from recordgate_streams.ledger.activations import ActivationStore


def refresh_account(settings: Settings) -> None:
    """Set the gauges to what the ledger says now; raise RetryableError when it is not there."""
    with connect(settings.ledger_dsn, "metrics", autocommit=True) as connection:
        account = read_account(connection)
        waiting = ActivationStore(connection).patients_waiting()
    for kind in ("received", "accepted", "duplicate", "superseded", "quarantined"):
        ACCOUNT.labels(kind).set(getattr(account, kind))
    UNACCOUNTED.set(account.unaccounted)
    RULE_PATIENTS_WAITING.set(waiting)
