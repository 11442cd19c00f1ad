"""The conservation account: received = accepted + duplicate + superseded + quarantined; accepted = sum of outcomes.

Every count is kept in the transaction that changes it, so that reading the account costs no more for a large ledger.
"""

from dataclasses import dataclass

import psycopg

from recordgate_schemas.errors import FatalError
from recordgate_streams.ledger.records import SQL


@dataclass(frozen=True, slots=True)
class Account:
    """Counts of entry records; `outcomes` are (outcome, headline reason, entries) for the patients themselves."""

    received: int
    accepted: int
    duplicate: int
    superseded: int
    quarantined: int
    decided: int
    outcomes: tuple[tuple[str, str, int], ...]

    @property
    def unaccounted(self) -> int:
        """Records without an outcome, in either direction; anything but 0 is an incident."""
        kinds = self.accepted + self.duplicate + self.superseded + self.quarantined
        return abs(self.received - kinds) + abs(self.accepted - self.decided)

    def sentence(self) -> str:
        """The account in one line."""
        outcomes = (
            "sum of outcomes" if self.accepted == self.decided else f"{self.decided} outcomes"
        )
        return (
            f"conservation: received {self.received} = accepted {self.accepted}"
            f" + duplicate {self.duplicate} + superseded {self.superseded}"
            f" + quarantined {self.quarantined}; accepted {self.accepted} = {outcomes};"
            f" unaccounted {self.unaccounted}"
        )


def read_account(connection: psycopg.Connection) -> Account:
    """Return the account as one snapshot of the ledger says."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        row = connection.execute(SQL["conservation"]).fetchone()
        outcomes = tuple(connection.execute(SQL["outcomes"]).fetchall())
    if row is None:
        raise FatalError("the ledger gave no account")
    received, accepted, duplicate, superseded, quarantined = row
    decided = sum(n for _, _, n in outcomes)
    return Account(received, accepted, duplicate, superseded, quarantined, decided, outcomes)


@dataclass(frozen=True, slots=True)
class Miscount:
    """An outcome and headline reason of a partition, for which not as many decisions are in force as were counted."""

    partition: int
    outcome: str
    reason: str
    counted: int
    found: int


def recount(connection: psycopg.Connection) -> list[Miscount]:
    """Return where the counts of outcomes differ from the decisions in force; reads all of them."""
    return [Miscount(*row) for row in connection.execute(SQL["recount"])]
