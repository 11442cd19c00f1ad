"""The view for people and programs says nothing about what is not in it, and nothing in it commands a terminal."""

import dataclasses
import io
import uuid
from datetime import date

import orjson
from rich.console import Console

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


def test_no_number_of_the_source_is_shown_so_that_a_gap_in_a_run_cannot_be_seen() -> None:
    """Of Observation/15, /16, /17 the second is hidden; the list named it and names the others."""
    items = [{"item": {"reference": f"Observation/{n}"}} for n in (15, 16, 17)]
    note = [{"text": "x", "authorReference": {"reference": "Practitioner/9"}}]
    others = {"subject": {"reference": "Patient/self"}, "source": {"reference": "#device-1"}}
    shown_now = [
        {"resourceType": "Observation", "id": "15"},
        {"resourceType": "Observation", "id": "17"},
        {"resourceType": "List", "id": "3", "entry": items, "note": note, **others},
    ]
    entries = [
        dataclasses.replace(visible(one), public_id=uuid.UUID(int=n))
        for n, one in enumerate(shown_now)
    ]
    first, second, third = (one["resource"] for one in view_as_data(entries))
    assert (first["id"], second["id"]) == (str(uuid.UUID(int=0)), str(uuid.UUID(int=1)))
    assert third == {
        "resourceType": "List",
        "id": str(uuid.UUID(int=2)),
        "entry": [
            {"item": {"reference": f"Observation/{first['id']}"}},
            {"item": {"reference": f"Observation/{second['id']}"}},
        ],
        "note": [{"text": "x"}],
        **others,
    }


def test_gaps_that_fhir_means_stay() -> None:
    name = {"given": [None, "Ann"], "_given": [{"extension": [{"url": "x"}]}, None]}
    (data,) = view_as_data([visible({"contact": [name]})])
    assert data["resource"] == {"contact": [name]}


def test_an_id_that_two_entries_share_names_neither() -> None:
    same = {"resourceType": "Observation", "id": "1"}
    naming = {"resourceType": "Observation", "id": "2", "basedOn": [{"reference": "Observation/1"}]}
    *_, last = view_as_data([visible(same), visible(same), visible(naming)])
    assert last["resource"] == {"resourceType": "Observation", "id": str(uuid.UUID(int=7))}


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
