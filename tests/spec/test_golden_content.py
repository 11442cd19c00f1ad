"""Golden rows 42-73: readiness, labels, flags."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from recordgate_schemas.control import Level
from recordgate_schemas.entry import Kind, Marker, Readiness, ThirdParty, Visibility
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case
from tests.spec.golden import effect, row
from tests.support.builders import access, case, entry, facts, label, proxy_case

CONFIDENTIALITY = "http://hl7.org/fhir/v3/Confidentiality"


def of(kind: Kind, readiness: Readiness, **fields: Any) -> Case:
    return case(entry=entry(kind=kind, readiness=readiness, **fields))


def with_(**fields: Any) -> Case:
    return case(entry=entry(**fields))


def to_proxy(**fields: Any) -> Case:
    return proxy_case(entry=entry(**fields))


RESULT, DOCUMENT = Kind.TEST_RESULT, Kind.DOCUMENT
NOPAT = label("NOPAT")

ROWS = (
    row(
        "42",
        "result not filed",
        lambda: of(RESULT, Readiness.UNFILED),
        Outcome.DEFERRED,
        Reason.NOT_FILED,
    ),
    row("43", "then filed", lambda: of(RESULT, Readiness.FILED), Outcome.RELEASED),
    row(
        "44",
        "filed with do-not-display",
        lambda: of(RESULT, Readiness.FILED, online_visibility=Visibility.HIDDEN),
        Outcome.WITHHELD,
        Reason.SOURCE_HIDE,
    ),
    row(
        "45",
        "filed, abnormal, nobody has called yet",
        lambda: of(RESULT, Readiness.FILED, markers=(Marker.ABNORMAL,)),
        Outcome.RELEASED,
    ),
    row(
        "46",
        "report with two of ten results open",
        lambda: of(Kind.REPORT, Readiness.PARTIAL),
        Outcome.DEFERRED,
        Reason.PARTIAL,
    ),
    row(
        "47",
        "sample taken three days before the start, reported after",
        lambda: of(
            RESULT,
            Readiness.FILED,
            event_date=date(2023, 10, 28),
            recorded_at=datetime(2023, 11, 2, 9, tzinfo=UTC),
        ),
        Outcome.RELEASED,
    ),
    row(
        "48a",
        "document awaiting workflow",
        lambda: of(DOCUMENT, Readiness.UNREVIEWED),
        Outcome.DEFERRED,
        Reason.NOT_REVIEWED,
    ),
    row("48b", "document completed", lambda: of(DOCUMENT, Readiness.REVIEWED), Outcome.RELEASED),
    row(
        "49",
        "document completed, level detailed",
        lambda: case(
            entry=entry(kind=DOCUMENT, readiness=Readiness.REVIEWED),
            facts=facts(level=access(Level.DETAILED)),
        ),
        Outcome.NOT_ELIGIBLE,
        Reason.LEVEL,
    ),
    row(
        "50",
        "consultation still a draft",
        lambda: of(Kind.CONSULTATION, Readiness.DRAFT),
        Outcome.DEFERRED,
        Reason.DRAFT,
    ),
    row(
        "51",
        "diary entry",
        lambda: with_(kind=Kind.DIARY),
        Outcome.NOT_ELIGIBLE,
        Reason.RESOURCE_EXCLUDED,
    ),
    row(
        "52", "staff task", lambda: with_(kind=Kind.ADMIN_TASK), Outcome.NOT_ELIGIBLE, Reason.ADMIN
    ),
    row(
        "53",
        "transfer in progress",
        lambda: with_(readiness=Readiness.IN_TRANSIT),
        Outcome.DEFERRED,
        Reason.IN_TRANSIT,
    ),
    row(
        "54a",
        "NOPAT, for the patient",
        lambda: with_(labels=NOPAT),
        Outcome.WITHHELD,
        Reason.SOURCE_NOPAT,
    ),
    row(
        "54b",
        "NOPAT, for a proxy",
        lambda: to_proxy(labels=NOPAT),
        Outcome.WITHHELD,
        Reason.SOURCE_NOPAT,
    ),
    row(
        "55",
        "NOPAT inherited from the consultation",
        lambda: with_(kind=Kind.OBSERVATION, labels=NOPAT),
        Outcome.WITHHELD,
        Reason.SOURCE_NOPAT,
    ),
    row(
        "58",
        "NOPAT of a system nobody knows",
        lambda: with_(labels=label("NOPAT", "urn:x:unknown")),
        Outcome.WITHHELD,
        Reason.SOURCE_NOPAT,
    ),
    row(
        "59",
        "a label on no list",
        lambda: with_(labels=label("ZZZ")),
        Outcome.HELD,
        Reason.UNKNOWN_LABEL,
    ),
    row(
        "60a",
        "confidentiality V, for the patient",
        lambda: with_(labels=label("V", CONFIDENTIALITY)),
        Outcome.HELD,
        Reason.CONF,
    ),
    row(
        "60b",
        "confidentiality R, for the patient",
        lambda: with_(labels=label("R", CONFIDENTIALITY)),
        Outcome.RELEASED,
    ),
    row(
        "60c",
        "confidentiality V, for a proxy",
        lambda: to_proxy(labels=label("V", CONFIDENTIALITY)),
        Outcome.WITHHELD,
        Reason.CONF,
    ),
    row(
        "60d",
        "confidentiality R, for a proxy",
        lambda: to_proxy(labels=label("R", CONFIDENTIALITY)),
        Outcome.WITHHELD,
        Reason.CONF,
    ),
    row(
        "61",
        "private to staff, online flag not set",
        lambda: with_(staff_private=True),
        Outcome.HELD,
        Reason.STAFF_PRIVATE,
    ),
    row(
        "71a",
        "told in confidence by the spouse",
        lambda: with_(third_party=ThirdParty.PRESENT),
        Outcome.HELD,
        Reason.THIRD_PARTY,
    ),
    row(
        "72",
        "report for a family court",
        lambda: with_(markers=(Marker.COURT,)),
        Outcome.HELD,
        Reason.COURT,
    ),
    row(
        "73",
        "correspondence about a complaint",
        lambda: with_(markers=(Marker.COMPLAINT,)),
        Outcome.HELD,
        Reason.MISFILED,
    ),
)


@pytest.mark.parametrize("golden", ROWS, ids=str)
def test_content(golden: Any) -> None:
    assert (golden.expect, golden.reasons) == effect(golden)
