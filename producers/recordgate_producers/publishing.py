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
    Given,
    PublishedRegistration,
    ResourceOutcome,
    ResourceReport,
    extract,
    one_line_per_kind,
    parse,
    registration_controls,
    snapshot_control,
)
from recordgate_producers.nhs_numbers import GivenNumbers, identify
from recordgate_producers.refusals import Refusal
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.service_keys import ServiceKey
from recordgate_schemas import codec
from recordgate_schemas.authority import must_be_signed
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry, is_ahead
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import CONTROLS


class Target(Protocol):
    """Where to publish: a Publisher, or a DryRun."""

    def publish_controls(self, controls: Iterable[Control]) -> int:
        """Publish controls; return how many once all are acknowledged."""

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Publish entries; return how many once all are acknowledged."""


class DryRun:
    """Counts, sends nothing."""

    def publish_controls(self, controls: Iterable[Control]) -> int:
        """Count controls."""
        return sum(1 for _ in controls)

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Count entries."""
        return sum(1 for _ in entries)


@dataclass(frozen=True, slots=True)
class Options:
    """What to do with every record of a run. `key`: signs the controls that count only with a signature."""

    given: Given = field(default_factory=Given)
    numbers: GivenNumbers = field(default_factory=GivenNumbers)
    register: PublishedRegistration | None = None
    snapshot: bool = False
    key: ServiceKey | None = None

    def signed(self, control: Control) -> Control:
        """Return a control, signed if it must be; raise PoisonError when there is no key to sign it with."""
        if self.key is not None:
            return self.key.sign_if_needed(control)
        if must_be_signed(control.change) and not control.signature:
            raise PoisonError(
                f"{type(control.change).__name__}: counts only with the signature of a service; publish with"
                " --sign-with FILE, a key that `recordgate services list` shows"
            )
        return control


@dataclass(frozen=True, slots=True)
class FileReport:
    """What came of one source: how much was published, and one line per kind of notice and problem.

    `problems` start with the source's name. `refusals` are the items they are about, one by one.
    """

    name: str
    entries: int = 0
    controls: int = 0
    resources: tuple[ResourceReport, ...] = ()
    notices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = field(default=(), repr=False)


def publish(
    found: Sequence[sources.Source],
    options: Options,
    target: Target,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[FileReport]:
    """Publish each source and yield its report; RetryableError from the target ends the run."""
    for source in found:
        data = None
        try:
            form, data = sources.read(source)
            if form is sources.Form.CONTROLS:
                yield _publish_controls(source, data, target, options)
            else:
                yield _publish_record(source, data, options, target)
        except PoisonError as error:
            refused = Refusal(source.name, source.path, "", "", str(error), data)
            problem = f"{source.name}: {error}"
            yield FileReport(source.name, problems=(problem,), refusals=(refused,))
        tick()


def publish_record(record: Extract, target: Target, options: Options) -> tuple[int, int]:
    """Publish one record and return how many entries and controls went out.

    INVARIANT: a hide is acknowledged before the entry it hides is sent, and the list of all entries is sent after them.
    """
    before = [*record.hides]
    if options.register is not None:
        registration = registration_controls(record, options.register)
        before = [*map(options.signed, registration), *before]
    after = [snapshot_control(record)] if options.snapshot else []
    controls = target.publish_controls(before)
    entries = target.publish_entries(record.entries)
    return entries, controls + target.publish_controls(after)


def _publish_record(
    source: sources.Source, data: bytes, options: Options, target: Target
) -> FileReport:
    document = parse(data)
    number = options.numbers.number_for(identify(document))
    record = extract(document, replace(options.given, nhs_number=number))
    if any(is_ahead(entry, SystemClock().now()) for entry in record.entries):
        raise PoisonError(
            "states an extraction in the future; give --as-of, the time of the export"
        )
    entries, controls = publish_record(record, target, options)
    refused = [one for one in record.resources if one.outcome is ResourceOutcome.REFUSED]
    return FileReport(
        source.name,
        entries,
        controls,
        record.resources,
        tuple(one_line_per_kind((n.index, n.type, n.text) for n in record.notices)),
        tuple(
            f"{source.name}: {line}"
            for line in one_line_per_kind((one.index, one.type, one.reason) for one in refused)
        ),
        tuple(_refusal(source, document, one) for one in refused),
    )


def _refusal(source: sources.Source, document: Any, refused: ResourceReport) -> Refusal:
    place = f"Bundle.entry[{refused.index}]"
    item = orjson.dumps(document["entry"][refused.index])
    return Refusal(source.name, source.path, place, refused.type, refused.reason, item)


def _publish_controls(
    source: sources.Source, data: bytes, target: Target, options: Options
) -> FileReport:
    controls, problems, refusals = [], [], []
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            try:
                controls.append(options.signed(parse_control_line(line)))
            except PoisonError as error:
                problems.append(f"{source.name}:{number}: {error}")
                place, why = f"line {number}", str(error)
                refusals.append(Refusal(source.name, source.path, place, "Control", why, line))
    sent = target.publish_controls(controls)
    return FileReport(
        source.name, controls=sent, problems=tuple(problems), refusals=tuple(refusals)
    )


def parse_control_line(line: bytes) -> Control:
    """Return the control a line of JSON holds; raise PoisonError naming what is wrong with it."""
    try:
        plain: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise PoisonError(f"not JSON (column {error.colno}); one control a line") from None
    try:
        control: Control = mapper(Control, "json").load(plain)
    except RecursionError:
        raise PoisonError("nested too deeply; one control a line") from None
    codec.encode(CONTROLS, control)  # what is too large is refused as a line, before any is sent
    return control
