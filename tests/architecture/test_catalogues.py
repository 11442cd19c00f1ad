"""Nothing stands in a catalogue that nobody uses, except what is named here as still to come."""

import re

import pytest
from prometheus_client.metrics import MetricWrapperBase

from recordgate_runtime import metrics
from recordgate_runtime.logs import FIELDS, LogCode
from recordgate_runtime.settings import Settings
from recordgate_schemas import topics
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.topics import Topic
from recordgate_streams import ruleset
from tests.support.sources import text_of

NOT_YET = {
    "LogCode": set[str](),
    "metric": set[str](),
    "Reason": set[str](),
    "topic": set[str](),
    "setting": set[str](),
    "Outcome": set[str](),
    "log field": set[str](),
}
"""Declared and not used so far. Take a name out when it comes into use; put none in without a plan."""

METRICS = {name for name, m in vars(metrics).items() if isinstance(m, MetricWrapperBase)}
TOPICS = {name for name, t in vars(topics).items() if isinstance(t, Topic)}
DECLARED = {
    # kind: (the names, how a use of one looks, the file where it does not count)
    "LogCode": (set(LogCode.__members__), r"LogCode\.{}\b", None),
    "log field": (set(FIELDS), r"\b{}=", None),
    "metric": (METRICS, r"\b{}(\.labels|\.set|\.inc|\.observe)", None),
    "Reason": (set(Reason.__members__), r"Reason\.{}\b", "recordgate_schemas/reasons.py"),
    "Outcome": (set(Outcome.__members__), r"Outcome\.{}\b", "recordgate_schemas/reasons.py"),
    "topic": (TOPICS, r"\b{}\b", "recordgate_schemas/topics.py"),
    "setting": (set(Settings.model_fields), r"\.{}\b", "recordgate_runtime/settings.py"),
}


@pytest.mark.parametrize("kind", DECLARED)
def test_whatever_a_catalogue_declares_is_used(kind: str) -> None:
    names, use, home = DECLARED[kind]
    text = "\n".join(t for name, t in text_of().items() if home is None or not name.endswith(home))
    text += _given_by_data()
    unused = {name for name in names if not re.search(use.format(name), text)}
    assert NOT_YET[kind] == unused


def _given_by_data() -> str:
    """Reasons that no rule names, because labels and code sets of the shipped ruleset do."""
    settings = ruleset.current().settings
    treatments = [*settings.labels.values(), *(t for ts in settings.codes.values() for t in ts)]
    return "".join(f" Reason.{treatment.reason}" for treatment in treatments)


def test_every_topic_variable_is_in_the_list_of_topics() -> None:
    assert {topic.name.upper() for topic in topics.TOPICS} == TOPICS


def test_no_metric_has_a_label_that_could_name_a_patient() -> None:
    allowed = {"lane", "kind", "outcome", "reason", "stage", "due", "topic", "partition"}
    allowed |= {"what", "queue", "age", "percent"}
    used = {label for name in METRICS for label in getattr(metrics, name)._labelnames}
    assert set() == used - allowed


def test_no_log_field_could_name_a_patient() -> None:
    assert set() == FIELDS & {"nhs_number", "entry_id", "body", "value", "key", "message"}
