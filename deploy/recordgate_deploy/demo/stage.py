"""What the story needs of the running system: publish, wait, look through a patient's eyes, look into the ledger."""

from dataclasses import dataclass

import orjson

from recordgate_consumers.view.plain_text import plain_text, title
from recordgate_consumers.view.read import read_view
from recordgate_deploy.demo.cast import Person
from recordgate_deploy.settled import Watch
from recordgate_deploy.supervisor import Supervisor
from recordgate_producers.publisher import Publisher
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings
from recordgate_schemas.values import EntryId
from recordgate_streams.inspection.account import Account, read_account

Seen = dict[str, str]
"""What a patient sees: FHIR id (`Observation/42`) to its words."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision in force, as the ledger has it."""

    entry_id: EntryId
    outcome: str
    headline: str | None


class Stage:
    """The running pipeline as the story uses it."""

    def __init__(self, supervisor: Supervisor, settings: Settings) -> None:
        self.supervisor = supervisor
        self.publisher = Publisher(settings.kafka, prefix=settings.topic_prefix)
        self.watch = Watch(settings)
        self._view = connect(settings.view_dsn, "view_reader", autocommit=True)
        self._ledger = connect(settings.ledger_dsn, "ledger_reader", autocommit=True)

    def seen(self, person: Person) -> Seen:
        """Return what the person's audience sees now."""
        found = {}
        for entry in read_view(self._view, person.number, person.audience):
            resource = orjson.loads(entry.body)
            words = f"{title(resource)}: {plain_text(resource)}".strip(": ")
            found[f"{resource['resourceType']}/{resource['id']}"] = words
        return found

    def decided(self, person: Person) -> list[Decided]:
        """Return the decisions in force for the person's audience, in order of entry id."""
        rows = self._ledger.execute(
            "select entry_id, outcome, headline from current_decision"
            " where nhs_number = %s and audience = %s order by entry_id",
            (person.number.digits, person.audience),
        )
        return [Decided(EntryId(e), outcome, headline) for e, outcome, headline in rows]

    def outcomes(self) -> list[tuple[str, str, str, int]]:
        """Return (audience, outcome, reason, entries) over everybody, patients and proxies."""
        return self._ledger.execute(
            "select split_part(audience, ':', 1), outcome, coalesce(headline, '-'), count(*)"
            " from current_decision group by 1, 2, 3 order by 1 desc, 4 desc, 2, 3"
        ).fetchall()

    def account(self) -> Account:
        """Return the conservation account."""
        return read_account(self._ledger)

    def close(self) -> None:
        """Let go of every connection."""
        self.publisher.close()
        self.watch.close()
        self._view.close()
        self._ledger.close()


def fhir_id(entry_id: EntryId) -> str:
    """Return the FHIR id inside an entry id (`A82038:emis:Observation/42` to `Observation/42`)."""
    return entry_id.rpartition(":")[2]
