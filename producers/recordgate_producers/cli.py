"""`recordgate publish` and `recordgate simulate`. The root program mounts them: `mount(app)`."""

import contextlib
from collections.abc import Callable

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from recordgate_producers import arguments as arg
from recordgate_producers import exit_codes, run, screen, sources
from recordgate_producers.fhir import Given, Registration, parse_system
from recordgate_producers.publisher import Publisher
from recordgate_producers.simulator import simulate
from recordgate_runtime.settings import need, settings
from recordgate_schemas.control import Level
from recordgate_schemas.values import parse_ods

Connect = Callable[[], Publisher]


def connect_from_settings() -> Publisher:
    """Return a publisher to the configured Kafka; raise UsageError if none is, RetryableError if it is away."""
    found = settings()
    return Publisher(need(found.kafka, "RECORDGATE_KAFKA"), prefix=found.topic_prefix)


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
        nhs_number: arg.NhsNumberText = "",
        nhs_number_file: arg.NhsNumberFile = None,
        practice: arg.Practice = "",
        system: arg.System = "",
        as_of: arg.AsOf = "",
        snapshot: arg.Snapshot = False,
        register: arg.Register = False,
        registered_on: arg.RegisteredOn = "",
        level: arg.AccessLevel = Level.FULL,
        historic_since: arg.HistoricSince = "",
        record_checked: arg.RecordChecked = False,
        grant_from: arg.GrantFrom = "",
        dry_run: arg.DryRun = False,
        as_json: arg.AsJson = False,
    ) -> None:
        """Publish FHIR records and controls; what cannot be published is one line each, the rest goes through.

        Exit status: 0 all published, 1 some refused, 2 wrong option or path, 4 Kafka not reachable.
        """
        errors = Console(stderr=True)
        with arg.one_line_errors(errors):
            registration = Registration(
                arg.day_option("--registered-on", registered_on),
                level,
                arg.day_option("--historic-since", historic_since),
                record_checked,
                arg.day_option("--grant-from", grant_from),
            )
            options = run.Options(
                given=Given(
                    practice=arg.value_option(practice, parse_ods),
                    system=arg.value_option(system, parse_system),
                    as_of=arg.time_option("--as-of", as_of),
                ),
                numbers=arg.numbers_option(nhs_number, nhs_number_file, paths),
                register=registration if register else None,
                snapshot=snapshot,
            )
            found = sources.find(paths)
            target = contextlib.nullcontext(run.Nowhere()) if dry_run else self._connect()
            _publish(found, options, target, errors, as_json=as_json)

    def simulate(
        self,
        patients: int = typer.Option(100, min=1, max=800_000, help="How many patients."),
        entries: int = typer.Option(100, min=0, help="How many entries each."),
        seed: int = typer.Option(1, help="The same seed gives the same records."),
    ) -> None:
        """Publish invented patients and entries, for load. Exit status: 0 done, 4 Kafka not reachable."""
        controls = sent = 0
        with arg.one_line_errors(Console(stderr=True)), self._connect() as target:
            for patient in simulate(patients, entries, seed):
                controls += target.publish_controls(patient.controls)
                sent += target.publish_entries(patient.entries)
        typer.echo(f"patients {patients}, controls {controls}, entries {sent}")


def _publish(
    found: list[sources.Source],
    options: run.Options,
    opened: contextlib.AbstractContextManager[run.Target],
    errors: Console,
    *,
    as_json: bool,
) -> None:
    reports: list[run.FileReport] = []
    with contextlib.ExitStack() as last:
        last.callback(_account, reports, as_json=as_json)  # also of a run that Kafka cut short
        target = last.enter_context(opened)
        bar = last.enter_context(
            Progress(console=errors, disable=not errors.is_terminal, transient=True)
        )
        task = bar.add_task("publishing", total=len(found))
        for report in run.publish(found, options, target, lambda: bar.advance(task)):
            reports.append(report)
            for problem in report.problems:
                arg.complain(bar.console, problem)
    if any(report.problems for report in reports):
        raise typer.Exit(exit_codes.REFUSED)


def _account(reports: list[run.FileReport], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(screen.as_json(reports), option=orjson.OPT_INDENT_2))
    else:
        screen.show(Console(), reports)
