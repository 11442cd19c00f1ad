"""The view for people and programs says nothing about what is not in it, and nothing in it commands a terminal."""

import dataclasses
import io
import uuid
from datetime import date

import orjson
import pytest
from rich.console import Console

from recordgate_consumers.view.plain_text import clean, plain_text, title
from recordgate_consumers.view.read import VisibleEntry
from recordgate_consumers.view.show_view import NOTICE, print_view, view_as_data


def visible(resource: object, *, kind: str = "observation", redacted: bool = False) -> VisibleEntry:
    body = orjson.dumps(resource)
    return VisibleEntry(
        uuid.UUID(int=7), kind, date(2026, 1, 2), None, redacted, body, "application/fhir+json", 3
    )


def shown(*entries: VisibleEntry) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    print_view(entries, console)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


TITLES = [
    ({"code": {"text": "Asthma", "coding": [{"display": "x"}]}}, "Asthma"),
    ({"code": {"coding": [{"code": "1"}, {"display": "Asthma"}]}}, "Asthma"),
    ({"vaccineCode": {"coding": [{"display": "MMR"}]}}, "MMR"),
    ({"medicationCodeableConcept": {"text": "Aspirin"}}, "Aspirin"),
    ({"type": [{"text": "Letter"}]}, "Letter"),
    (
        {
            "medicationReference": {"reference": "#m"},
            "contained": [{"id": "m", "code": {"text": "Aspirin"}}],
        },
        "Aspirin",
    ),
    ({"medicationReference": {"reference": "#none", "display": "Aspirin"}}, "Aspirin"),
    ({"resourceType": "Observation", "code": 5, "contained": "odd"}, "Observation"),
    ({}, "Entry"),
]


@pytest.mark.parametrize(("resource", "expected"), TITLES)
def test_an_entry_is_called_by_its_codes_words(resource: dict[str, object], expected: str) -> None:
    assert title(resource) == expected


TEXTS = [
    ({"valueQuantity": {"value": 5.4, "unit": "mmol/L"}}, "5.4 mmol/L"),
    ({"comment": "fine", "valueString": "clear"}, "clear\nfine"),
    ({"note": [{"text": "call back"}, {"text": "call back"}]}, "call back"),
    ({"dosageInstruction": [{"text": "one a day"}]}, "one a day"),
    (
        {"component": [{"code": {"text": "Systolic"}, "valueQuantity": {"value": 120}}]},
        "Systolic 120",
    ),
    ({"text": {"div": "<div><p>a &amp; b</p></div>"}}, "a & b"),
    ({"code": {"text": "Asthma"}, "comment": "Asthma"}, ""),
]


@pytest.mark.parametrize(("resource", "expected"), TEXTS)
def test_an_entrys_text_is_what_it_says_beyond_its_title(
    resource: dict[str, object], expected: str
) -> None:
    assert plain_text(resource) == expected


def test_text_cannot_command_a_terminal() -> None:
    assert clean("a\x1b[31mb\x9b2Jc\nd\x00") == "a[31mb2Jc d"


def test_markup_in_a_record_is_shown_as_it_is() -> None:
    assert "[red]x[/red]" in shown(visible({"code": {"text": "[red]x[/red]"}}))


def test_programs_get_the_resource_under_an_opaque_id() -> None:
    (data,) = view_as_data([visible({"resourceType": "Observation"}, redacted=True)])
    assert data == {
        "public_id": str(uuid.UUID(int=7)),
        "kind": "observation",
        "event_date": "2026-01-02",
        "recorded_at": None,
        "resource": {"resourceType": "Observation"},
    }


def test_a_body_that_is_no_json_is_handed_over_as_bytes() -> None:
    odd = dataclasses.replace(visible({}), body=b"%PDF", body_type="pdf")
    (data,) = view_as_data([odd])
    assert (data["body_type"], data["body_base64"]) == ("pdf", "JVBERg==")


def test_an_unknown_kind_is_shown_under_other() -> None:
    assert "Other" in shown(visible({}, kind="hologram"))


def test_a_redacted_entry_looks_like_any_other() -> None:
    resource = {"code": {"text": "Asthma"}}
    assert shown(visible(resource, redacted=True)) == shown(visible(resource))


def test_an_empty_view_shows_the_notice_every_view_shows() -> None:
    assert shown() == NOTICE + "\n"
    assert shown(visible({})).endswith(NOTICE + "\n")


def test_an_entry_does_not_print_its_content() -> None:
    assert "Asthma" not in repr(visible({"code": {"text": "Asthma"}}))
