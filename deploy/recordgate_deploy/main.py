"""The command `recordgate`: puts every package's commands under one name, and turns errors into one line and a code."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from recordgate_consumers import cli as consumers
from recordgate_producers import cli as producers
from recordgate_runtime.logs import where
from recordgate_runtime.process import ExitCode, exit_code, run_process
from recordgate_runtime.settings import UnsetError, settings
from recordgate_schemas.errors import RecordgateError
from recordgate_streams.cli import commands as streams
from recordgate_streams.cli.approvers import app as rules
from recordgate_streams.cli.clock import clock
from recordgate_streams.cli.decide_file import decide_file
from recordgate_streams.cli.golden import coverage, golden, golden_under
from recordgate_streams.cli.quarantine import app as quarantine
from recordgate_streams.cli.restore import restore
from recordgate_streams.cli.services import app as services

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Recordgate releases new entries of GP records to patients: what may be shown, when it may be shown.",
)
producers.mount(app)
app.command()(consumers.view)
app.command()(consumers.holds)
app.command()(consumers.tasks)
app.command()(consumers.review)
app.command()(streams.explain)
app.command()(streams.account)
app.command("decide-file", rich_help_panel="Rules")(decide_file)
rules.command()(golden)
rules.command("test")(golden_under)
rules.command()(coverage)
app.add_typer(rules, name="rules", rich_help_panel="Rules")
app.add_typer(quarantine, name="quarantine", rich_help_panel="Operations")
app.add_typer(services, name="services", rich_help_panel="Operations")
app.command(rich_help_panel="Operations")(restore)
app.command(rich_help_panel="Operations")(clock)
app.command(rich_help_panel="Processes")(streams.decide)


SELF_STARTING = ("up", "demo")
"""Commands that choose their servers themselves."""


@app.callback()
def before(context: typer.Context) -> None:
    """Find the embedded servers of a running `recordgate up`, unless addresses are configured."""
    if context.invoked_subcommand not in SELF_STARTING:
        from recordgate_deploy.servers import find_embedded  # noqa: PLC0415

        find_embedded()


@app.command("view-sink", rich_help_panel="Processes")
def view_sink() -> None:
    """Keep the patients' view in step with what was released."""
    from recordgate_consumers import processes  # noqa: PLC0415

    run_process(processes.view_sink)


@app.command("gate-lane", rich_help_panel="Processes")
def gate_lane() -> None:
    """Close the view's gate as soon as a control says so."""
    from recordgate_consumers import processes  # noqa: PLC0415

    run_process(processes.gate_lane)


@app.command("review-sink", rich_help_panel="Processes")
def review_sink() -> None:
    """Keep the review queue, and relay reviewers' outcomes."""
    from recordgate_consumers import processes  # noqa: PLC0415

    run_process(processes.review_sink)


@app.command(rich_help_panel="Operations")
def up() -> None:
    """Run every process on this machine until stopped; without addresses, embedded servers too."""
    from recordgate_deploy.stack import running  # noqa: PLC0415

    home = settings().home
    with running(home) as runner:
        Console(stderr=True).print(
            f"Recordgate is up; metrics of each process: {home}/targets.json; Ctrl-C stops it"
        )
        runner.wait()


@app.command(rich_help_panel="Operations")
def demo(
    records: Annotated[
        Path | None, typer.Option(help="other records than the bundled ones")
    ] = None,
) -> None:
    """Show the main job from publication to what patients see; ends by itself, status 0 if everything held."""
    from recordgate_deploy.demo.steps import run_demo  # noqa: PLC0415

    sys.exit(run_demo(settings().home / "demo", records))


@app.command(rich_help_panel="Operations")
def migrate() -> None:
    """Bring the three databases to their newest shape."""
    from recordgate_deploy.servers import migrate_all  # noqa: PLC0415

    applied = migrate_all(settings())
    typer.echo("\n".join(applied) or "nothing to apply")


@app.command(rich_help_panel="Operations")
def logins() -> None:
    """Let each role, and nobody else, into its databases, with its password of the passfile; missing ones are made."""
    from recordgate_deploy.servers import give_all_logins  # noqa: PLC0415

    for database, names in give_all_logins(settings()).items():
        typer.echo(f"{database}: {', '.join(names)}")


@app.command(rich_help_panel="Operations")
def topics(
    *,
    publisher: Annotated[
        list[str] | None, typer.Option(help="Kafka user who may publish, beside `publisher`")
    ] = None,
) -> None:
    """Create the topics and ACLs that are missing, and name ACLs on them that are not ours."""
    from recordgate_deploy.servers import make_topics  # noqa: PLC0415

    lines = make_topics(settings(), publisher or ())
    typer.echo("\n".join(lines) or "all topics and ACLs are there")


def main(command: Callable[[], object] = app) -> None:
    """Run the command line; every error becomes one line on standard error and a documented exit status.

    SAFETY: the message of an unexpected error may quote a patient's row, so only its type and place are shown.
    """
    try:
        command()
    except RecordgateError as error:
        hint = _UNSET_HINT if isinstance(error, UnsetError) else ""
        _print_error(f"{error}{hint}")
        sys.exit(exit_code(error))
    except Exception as error:  # noqa: BLE001  the last line of a command: say where, never what
        _print_error(f"unexpected {type(error).__name__} at {where(error)}")
        sys.exit(ExitCode.CRASHED)


_UNSET_HINT = ", or run `recordgate up` for embedded servers"


def _print_error(text: str) -> None:
    Console(stderr=True, soft_wrap=True).print(f"recordgate: {text}", style="red", markup=False)
