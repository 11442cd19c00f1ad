"""The running pipeline as the demo uses it: publish, wait, read as a patient, read the ledger."""

import contextlib
from collections.abc import Iterable

import orjson

from recordgate_consumers.view.plain_text import plain_text, title
from recordgate_consumers.view.read import read_view
from recordgate_deploy.demo.people import Person
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_producers.publisher import Publisher
from recordgate_producers.publishing import Options
from recordgate_runtime.kafka_access import access
from recordgate_runtime.postgres import connect
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import Settings
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import Principal
from recordgate_schemas.values import EntryId
from recordgate_streams.ledger import observe
from recordgate_streams.ledger.account import Account, read_account

DECIDER = ("decide-entries", "decide-controls")
Seen = dict[str, str]
"""What an audience sees: FHIR id (`Observation/42`) to plain text."""


class Pipeline(contextlib.ExitStack):
    """The running pipeline; a context manager that closes its connections."""

    def __init__(self, runner: Runner, settings: Settings) -> None:
        super().__init__()
        self._runner = runner
        self._publisher = self.enter_context(
            Publisher(access(settings.as_user(Principal.PUBLISHER)), prefix=settings.topic_prefix)
        )
        file = settings.operator_key
        key = None if file is None else read_service_key(file, "RECORDGATE_OPERATOR_KEY")
        self._options = Options(key=key)
        self._watch = self.enter_context(contextlib.closing(Watch(settings)))
        self._view = self.enter_context(connect(settings.view_dsn, "view_reader", autocommit=True))
        self._ledger = self.enter_context(
            connect(settings.ledger_dsn, "ledger_reader", autocommit=True)
        )

    def publish(
        self, controls: Iterable[Control] = (), entries: Iterable[ClinicalEntry] = ()
    ) -> None:
        """Publish the controls, signed where they must be, then the entries."""
        self._publisher.publish_controls(map(self._options.signed, controls))
        self._publisher.publish_entries(entries)

    def wait(self, *, gate_only: bool = False) -> None:
        """Wait until everything published is applied, or has at least reached the view's gate."""
        self._watch.wait(gate_only=gate_only)

    def stop_decider(self) -> None:
        """Stop both lanes."""
        for lane in DECIDER:
            self._runner.stop_process(lane)

    def start_decider(self) -> None:
        """Start both lanes again."""
        for lane in DECIDER:
            self._runner.start_process(lane)

    def seen(self, person: Person) -> Seen:
        """Return what the person's audience sees now."""
        found = {}
        for entry in read_view(self._view, person.number, person.audience):
            resource = orjson.loads(entry.body)
            text = f"{title(resource)}: {plain_text(resource)}".strip(": ")
            found[f"{resource['resourceType']}/{resource['id']}"] = text
        return found

    def decisions(self, person: Person) -> list[observe.DecisionInForce]:
        """Return the decisions in force for the person's audience."""
        return observe.decisions_in_force(self._ledger, person.number, person.audience)

    def outcomes(self) -> list[tuple[str, str, str, int]]:
        """Return audience, outcome, reason and number of entries, over everybody."""
        return observe.outcomes_by_audience(self._ledger)

    def account(self) -> Account:
        """Return the conservation account."""
        return read_account(self._ledger)


def fhir_id(entry_id: EntryId) -> str:
    """Return the FHIR id inside an entry id (`A82038:emis:Observation/42` to `Observation/42`)."""
    return entry_id.rpartition(":")[2]
