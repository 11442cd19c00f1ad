"""`recordgate publish` and `recordgate simulate`. The root program mounts them: `mount(app)`."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from recordgate_producers import arguments as arg
from recordgate_producers import publishing, run_report, sources
from recordgate_producers.fhir import Given, PublishedRegistration
from recordgate_producers.nhs_numbers import GivenNumbers
from recordgate_producers.publisher import Publisher
from recordgate_producers.refusals import Refusal, RefusalFile
from recordgate_producers.simulator import simulate
from recordgate_runtime.kafka_access import access
from recordgate_runtime.process import ExitCode
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import need, settings
from recordgate_schemas.control import Level
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import Principal

Connect = Callable[[], Publisher]
Keep = Callable[[Iterable[Refusal]], None]


def connect_from_settings() -> Publisher:
    """Return a publisher to the configured Kafka; raise UsageError if none is, RetryableError if it is away."""
    found = settings().as_user(Principal.PUBLISHER)
    need(found.kafka, "RECORDGATE_KAFKA")
    return Publisher(access(found), prefix=found.topic_prefix)


def mount(app: typer.Typer, connect: Connect = connect_from_settings) -> None:
    """Add the producers' commands to a program; `connect` gives the publisher when one is needed."""
    commands = Commands(connect)
    app.command("publish")(commands.publish)
    app.command("simulate")(commands.simulate)


class Commands:
    """The commands, with the one thing they are given: how to reach Kafka."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def publish(
        self,
        paths: arg.Paths,
        *,
        nhs_number: arg.NhsNumberText = None,
        nhs_number_file: arg.NhsNumberFile = None,
        practice: arg.Practice = None,
        system: arg.System = None,
        as_of: arg.AsOf = None,
        snapshot: arg.Snapshot = False,
        register: arg.Register = False,
        registered_on: arg.RegisteredOn = None,
        level: arg.AccessLevel = Level.FULL,
        historic_since: arg.HistoricSince = None,
        record_checked: arg.RecordChecked = False,
        grant_from: arg.GrantFrom = None,
        sign_with: arg.SignWith = None,
        refused: arg.RefusedFolder = None,
        dry_run: arg.DryRun = False,
        as_json: arg.AsJson = False,
    ) -> None:
        """Publish FHIR records and controls; what cannot be published is one line each, the rest goes through.

        What is refused is kept in a file; mend it at its source and publish the source again: what was published before
        changes nothing. A dry run keeps nothing unless --refused is given.
        Exit status: 0 all published, 1 some refused, 2 wrong option or path, 4 Kafka not reachable.
        """
        registration = PublishedRegistration(
            registered_on, level, historic_since, record_checked, grant_from
        )
        options = publishing.Options(
            given=Given(practice=practice, system=system, as_of=as_of),
            numbers=_given_numbers(nhs_number, nhs_number_file, paths),
            register=registration if register else None,
            snapshot=snapshot,
            key=None if sign_with is None else read_service_key(sign_with, "--sign-with"),
        )
        found = sources.find(paths)
        target = contextlib.nullcontext(publishing.DryRun()) if dry_run else self._connect()
        kept = RefusalFile(refused or settings().home / "refused")
        keep = (lambda _: None) if dry_run and refused is None else kept.add
        _publish(found, options, target, Account(kept, keep, as_json=as_json))

    def simulate(
        self,
        patients: int = typer.Option(100, min=1, max=800_000, help="How many patients."),
        entries: int = typer.Option(100, min=0, help="How many entries each."),
        seed: int = typer.Option(1, help="The same seed gives the same records."),
    ) -> None:
        """Publish invented patients and entries, for load. Exit status: 0 done, 4 Kafka not reachable."""
        controls = sent = 0
        with self._connect() as target:
            for patient in simulate(patients, entries, seed):
                controls += target.publish_controls(patient.controls)
                sent += target.publish_entries(patient.entries)
        typer.echo(f"patients {patients}, controls {controls}, entries {sent}")


def _given_numbers(written: str | None, file: Path | None, paths: Sequence[str]) -> GivenNumbers:
    if written and file:
        raise UsageError("give --nhs-number or --nhs-number-file, not both")
    if written == sources.STDIN and sources.STDIN in paths:
        raise UsageError(
            "standard input cannot give both the record and the number; use --nhs-number-file"
        )
    if file is not None:
        return GivenNumbers.read_file(file)
    lines = sys.stdin.read().splitlines() if written == sources.STDIN else [written or ""]
    return GivenNumbers.read(lines)


class Account:
    """The account of a run as it grows: printed at the end, also when Kafka cut the run short."""

    def __init__(self, kept: RefusalFile, keep: Keep, *, as_json: bool) -> None:
        self.problems = 0
        self._reports: list[publishing.FileReport] = []
        self._kept, self._keep, self._as_json = kept, keep, as_json

    def add(self, report: publishing.FileReport) -> None:
        """Take in what came of a source, and keep what was refused of it."""
        self._keep(report.refusals)
        self._reports.append(replace(report, refusals=()))
        self.problems += len(report.problems)

    def close(self) -> None:
        """Close the file of refusals and print."""
        self._kept.close()
        if self._as_json:
            found = run_report.as_json(self._reports, self._kept.path)
            typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        else:
            run_report.show(Console(), self._reports, self._kept.path)


def _publish(
    found: list[sources.Source],
    options: publishing.Options,
    opened: contextlib.AbstractContextManager[publishing.Target],
    account: Account,
) -> None:
    errors = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        stack.callback(account.close)
        target = stack.enter_context(opened)
        bar = stack.enter_context(
            Progress(console=errors, disable=not errors.is_terminal, transient=True)
        )
        task = bar.add_task("publishing", total=len(found))
        for report in publishing.publish(found, options, target, lambda: bar.advance(task)):
            for problem in report.problems:
                line = problem.replace("\n", " ")
                bar.console.print(f"error: {line}", markup=False, highlight=False, soft_wrap=True)
            account.add(report)
    if account.problems:
        raise typer.Exit(ExitCode.FINDING)
