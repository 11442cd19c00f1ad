"""Asks the questions one after another, each in a process of its own, and prints what they answered.

A process each, because a question adopts the addresses of its own servers, and because ending the process ends them.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.calibration import calibrate
from benchmarks.facts import machine

QUESTIONS = ("decide", "clients", "drain", "latency", "idle", "hide", "lease")
RESULTS = Path(__file__).parent / "results"
SHORT_RESULTS = RESULTS / "short"
"""Where short runs go, which no report reads."""

TIMEOUT_S = 1200
SHORT_TIMEOUT_S = 240
STOP_S = 150


def main(
    questions: Annotated[list[str] | None, typer.Argument(help=", ".join(QUESTIONS))] = None,
    *,
    short: Annotated[bool, typer.Option(help="smaller and fewer: a look, not a result")] = False,
    rate: Annotated[
        list[int] | None, typer.Option(min=1, help="entries/s; `latency` alone asks for it")
    ] = None,
) -> None:
    """Measure and write benchmarks/results/QUESTION.json; status 1 if a question was not answered."""
    asked = tuple(questions or QUESTIONS)
    if unknown := set(asked) - set(QUESTIONS):
        raise typer.BadParameter(f"no such question: {', '.join(sorted(unknown))}")
    if rate and asked != ("latency",):
        raise typer.BadParameter("only `latency` takes rates")
    console = Console(soft_wrap=True, highlight=False)
    SHORT_RESULTS.mkdir(exist_ok=True, parents=True)
    options = [*(["--short"] if short else []), *map(str, rate or ())]
    unanswered = [q for q in asked if not _ask(q, options, console, short=short)]
    sys.exit(1 if unanswered else 0)


def _ask(question: str, options: Sequence[str], console: Console, *, short: bool) -> bool:
    """Ask one question, keep and print its answer; False when there is none."""
    console.print(f"{question} ...")
    before = machine()
    status, said, errors = _run_child([question, *options], SHORT_TIMEOUT_S if short else TIMEOUT_S)
    if status:
        sys.stderr.buffer.write(errors)
        console.print(f"{question}: no answer (status {status})")
        return False
    facts = {"question": question, "short": short, "machine": before, "after": calibrate()}
    answer = {**facts, **json.loads(said)}
    path = (SHORT_RESULTS if short else RESULTS) / f"{question}.json"
    path.write_text(json.dumps(answer, indent=2) + "\n", "utf-8")
    console.print(_table(answer))
    return True


def _run_child(arguments: Sequence[str], patience_s: float) -> tuple[int, bytes, bytes]:
    """Run a question; when it takes too long, interrupt it, so that it stops its servers and leaves no folder."""
    command = [sys.executable, "-m", "benchmarks.ask", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            said, errors = child.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
            try:
                said, errors = child.communicate(timeout=STOP_S)
            finally:
                child.kill()
    return child.returncode, said, errors


def _table(answer: dict[str, object]) -> Table:
    table = Table(str(answer["how"]), "", title=str(answer["what"]), title_justify="left")
    numbers = answer["numbers"]
    for name, value in numbers.items() if isinstance(numbers, dict) else ():
        table.add_row(name, f"{value:,}")
    return table


if __name__ == "__main__":
    typer.run(main)
