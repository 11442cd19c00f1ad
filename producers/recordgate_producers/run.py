"""Publish sources one after another: hides before entries, the list of entries last, and an account of everything.

What is wrong with one file, line or entry is one sentence in the report; the rest goes through.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import orjson

from recordgate_producers import sources
from recordgate_producers.fhir import (
    Extract,
    Fate,
    Given,
    Notice,
    Outcome,
    Registration,
    extract,
    parse,
    registration_controls,
    snapshot_control,
)
from recordgate_producers.numbers import Numbers, identity
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.mapping import mapper


class Target(Protocol):
    """Where to publish: a Publisher, or nowhere."""

    def publish_controls(self, controls: Iterable[Control]) -> int:
        """Publish controls; return how many once all are acknowledged."""

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Publish entries; return how many once all are acknowledged."""


class Nowhere:
    """A dry run: counts, sends nothing."""

    def publish_controls(self, controls: Iterable[Control]) -> int:
        """Count controls."""
        return sum(1 for _ in controls)

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Count entries."""
        return sum(1 for _ in entries)


@dataclass(frozen=True, slots=True)
class Options:
    """What to do with every record of a run."""

    given: Given = field(default_factory=Given)
    numbers: Numbers = field(default_factory=Numbers)
    register: Registration | None = None
    snapshot: bool = False


@dataclass(frozen=True, slots=True)
class FileReport:
    """What came of one source. `problems` are one sentence each, starting with the source's name."""

    name: str
    entries: int = 0
    controls: int = 0
    fates: tuple[Fate, ...] = ()
    notices: tuple[Notice, ...] = ()
    problems: tuple[str, ...] = ()


def publish(
    found: Sequence[sources.Source],
    options: Options,
    target: Target,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[FileReport]:
    """Publish each source and yield its report; RetryableError from the target ends the run."""
    for source in found:
        try:
            yield _publish_one(source, options, target)
        except PoisonError as error:
            yield FileReport(source.name, problems=(f"{source.name}: {error}",))
        tick()


def publish_record(record: Extract, target: Target, options: Options) -> tuple[int, int]:
    """Publish one record and return how many entries and controls went out.

    INVARIANT: a hide is acknowledged before the entry it hides is sent, and the list of all entries is sent after them.
    """
    before = [*record.hides]
    if options.register is not None:
        before = [*registration_controls(record, options.register), *before]
    after = [snapshot_control(record)] if options.snapshot else []
    controls = target.publish_controls(before)
    entries = target.publish_entries(record.entries)
    return entries, controls + target.publish_controls(after)


def _publish_one(source: sources.Source, options: Options, target: Target) -> FileReport:
    form, data = sources.read(source)
    if form is sources.Form.CONTROLS:
        return _publish_controls(source, data, target)
    document = parse(data)
    number = options.numbers.number_for(identity(document))
    record = extract(document, replace(options.given, nhs_number=number))
    entries, controls = publish_record(record, target, options)
    return FileReport(
        source.name,
        entries,
        controls,
        record.fates,
        record.notices,
        tuple(_problems(source.name, record.fates)),
    )


def _publish_controls(source: sources.Source, data: bytes, target: Target) -> FileReport:
    controls, problems = [], []
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            try:
                controls.append(control(line))
            except PoisonError as error:
                problems.append(f"{source.name}:{number}: {error}")
    sent = target.publish_controls(controls)
    return FileReport(source.name, controls=sent, problems=tuple(problems))


def control(line: bytes) -> Control:
    """Return the control a line of JSON holds; raise PoisonError naming what is wrong with it."""
    try:
        plain: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise PoisonError(f"not JSON (column {error.colno}); one control a line") from None
    try:
        control: Control = mapper(Control, "json").load(plain)
    except RecursionError:
        raise PoisonError("nested too deeply; one control a line") from None
    return control


def _problems(name: str, fates: Iterable[Fate]) -> Iterator[str]:
    """Yield one line per type and reason, so that a thousand equal mistakes do not bury another."""
    refused: dict[tuple[str, str], list[int]] = {}
    for fate in fates:
        if fate.outcome is Outcome.REFUSED:
            refused.setdefault((fate.type, fate.reason), []).append(fate.index)
    for (kind, reason), places in refused.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield f"{name}: entry {places[0]}{more}: {kind}: {reason}"
