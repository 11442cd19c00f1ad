"""The shape of a ruleset: what every part may say. pydantic names all that is wrong at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
    StrictStr,
)

from recordgate_schemas.entry import Kind
from recordgate_schemas.errors import InvalidValue
from recordgate_schemas.messages import Queue, TaskKind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import parse_ods
from recordgate_streams.policy.settings import Ask
from recordgate_streams.ruleset.snomed import is_concept_id

NOPAT = "NOPAT"


def _ods(text: str) -> str:
    try:
        return parse_ods(text)
    except InvalidValue:
        raise ValueError("no ODS code, such as A82038: capital letters and digits") from None


def _snomed_id(text: str) -> str:
    if not is_concept_id(text):
        raise ValueError("no SNOMED CT concept id: 6 to 18 digits, the last one their check digit")
    return text


def _no_or_snomed_id(text: str) -> str:
    return text and _snomed_id(text)


def _label(code: str) -> str:
    if code == NOPAT:
        raise ValueError("NOPAT always hides and may not be in the table; remove it")
    return code


def _phrase(text: str) -> str:
    if not re.search(r"\w", text):
        raise ValueError("a phrase needs a word")
    return text


def _plain_day(value: object) -> object:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("expected a day, such as 2023-10-31")  # noqa: TRY004  pydantic wants it
    return value


Day = Annotated[date, BeforeValidator(_plain_day), PlainSerializer(date.isoformat)]
Ods = Annotated[StrictStr, AfterValidator(_ods)]
LabelCode = Annotated[StrictStr, Field(min_length=1), AfterValidator(_label)]
SnomedId = Annotated[StrictStr, AfterValidator(_snomed_id)]
Sentence = Annotated[StrictStr, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
QueueName = Literal["practice", "clinician", "system", "source", "none"]
TaskName = Literal["", "review", "urgent", "practice", "config", "incident"]
SignalName = Literal["", "child_safeguarding", "parental", "review_104", "review_106", "declined"]
Name = Annotated[StrictStr, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Version = Annotated[StrictStr, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]*$")]


class Part(BaseModel):
    """A table that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SwitchTable(Part):
    """The switches; shipped/ruleset.toml says what each means."""

    on_104: Literal["hold_new", "suspend_view"] = "hold_new"
    backdated: Literal["hold", "release"] = "hold"
    re_opt_in: Literal["restart", "resume"] = "restart"
    access_code_entries: Literal["hold", "withhold", "release"] = "hold"
    on_level_lowered: Literal["retract", "new_only"] = "retract"
    partial_reports: Literal["defer_whole", "release_filed"] = "defer_whole"
    not_ready: Literal["defer", "hold"] = "defer"
    needs_account: StrictBool = False
    child_safeguarding_suspends_proxies: StrictBool = True
    on_proxy_review_age: Literal["hold", "release"] = "hold"
    text_hints: StrictBool = False


class NumberTable(Part):
    """The numbers; shipped/ruleset.toml says what each means, and its unit."""

    result_tolerance_days: Annotated[StrictInt, Field(ge=0, le=365)] = 90
    proxy_review_age: Annotated[StrictInt, Field(ge=11, le=13)] = 11
    proxy_stop_age: Annotated[StrictInt, Field(ge=11, le=13)] = 13
    proxy_unused_years: Annotated[StrictInt, Field(ge=1, le=5)] = 5
    opinion_months: Annotated[StrictInt, Field(ge=1, le=6)] = 6
    abnormal_delay_days: Annotated[StrictInt, Field(ge=0, le=30)] = 0


class PracticeTable(Part):
    """What one practice chose."""

    go_live: Day
    areas_off: tuple[Kind, ...] = ()


class Asked(Part):
    """What a label or a code set asks of the patient and of proxies, and why."""

    of_self: Annotated[Ask, Field(alias="self")]
    of_proxies: Annotated[Ask, Field(alias="proxy")]
    reason: Reason
    title: StrictStr = ""
    source: StrictStr = ""


class Label(Asked):
    """A security label."""


class CodeSet(Asked):
    """A set of codes.

    `source`: why it asks what it asks. `provenance`: where its members come from; `member_source`: the SNOMED CT
    reference set they are loaded from, if any.
    """

    id: Name
    system: Literal["http://snomed.info/sct"] = "http://snomed.info/sct"
    version: StrictStr = ""
    provenance: StrictStr = ""
    licence: StrictStr = ""
    signal: SignalName = ""
    member_source: Annotated[StrictStr, AfterValidator(_no_or_snomed_id)] = ""
    members: tuple[SnomedId, ...] = ()


class ReasonText(Part):
    """What a reason means for people, and what follows from it.

    `reviewer`: its meaning. `remedy`: what would change it, and who can. `guidance`: sources, tag, golden rows.
    """

    reviewer: Sentence
    remedy: Sentence
    guidance: Sentence
    queue_name: Annotated[QueueName, Field(alias="queue")]
    task_name: Annotated[TaskName, Field(alias="task")]
    bulk_release: StrictBool
    first_action: Literal["", "hide"]

    @property
    def queue(self) -> Queue | None:
        """The queue that a hold joins; None: no entry is ever held for this reason."""
        return None if self.queue_name == "none" else Queue(self.queue_name)

    @property
    def task(self) -> TaskKind | None:
        """The work that the reason asks for; None: there is none."""
        return TaskKind(self.task_name) if self.task_name else None

    @property
    def hide_first(self) -> bool:
        """True when hiding is the action to offer first."""
        return self.first_action == "hide"


@dataclass(frozen=True, slots=True)
class ReasonTexts:
    """The texts of a ruleset: by reason, by outcome, and the one sentence that every patient reads."""

    by_reason: Mapping[Reason, ReasonText]
    outcomes: Mapping[Outcome, str]
    notice: str

    def __getitem__(self, reason: Reason) -> ReasonText:
        """Return the text of a reason; every reason has one."""
        return self.by_reason[reason]


class Patient(Part):
    """The one sentence that every patient reads."""

    notice: Sentence


class ActivationLimits(Part):
    """How a ruleset comes into force: shares of released entries, and patients a second."""

    most_disappear: Share = 0.001
    most_appear: Share = 0.01
    applied_per_second: Annotated[StrictInt, Field(ge=1, le=100_000)] = 200


class Hint(Part):
    """A phrase that hints that the patient should not see the text."""

    phrase: Annotated[StrictStr, AfterValidator(_phrase)]
    why: StrictStr = ""


class GoLive(Part):
    """The day that holds for every practice without its own."""

    default: Day


class Review(Part):
    """Who may lift what only a clinician may lift."""

    clinician_roles: tuple[Sentence, ...]


class RulesetFile(Part):
    """`ruleset.toml`."""

    name: Name
    version: Version
    switches: SwitchTable
    numbers: NumberTable
    go_live: GoLive
    practices: dict[Ods, PracticeTable] = {}
    review: Review
    activation: ActivationLimits


class LabelsFile(Part):
    """`labels.toml`."""

    labels: dict[LabelCode, Label]


class ReasonsFile(Part):
    """`reasons.toml`."""

    patient: Patient
    outcomes: dict[Outcome, Sentence]
    reasons: dict[Reason, ReasonText]


class HintsFile(Part):
    """`hints.toml`."""

    hints: tuple[Hint, ...]


class Document(Part):
    """A whole ruleset, as it is hashed, signed and sent: no comments, no files."""

    name: Name
    version: Version
    switches: SwitchTable
    numbers: NumberTable
    go_live: Day
    practices: dict[Ods, PracticeTable]
    clinician_roles: tuple[Sentence, ...]
    labels: dict[LabelCode, Label]
    code_sets: tuple[CodeSet, ...]
    reasons: dict[Reason, ReasonText]
    outcomes: dict[Outcome, Sentence]
    patient: Patient
    activation: ActivationLimits
    hints: tuple[Hint, ...]
