"""The bundled sample records: in step with their script, and showing what their table says."""

import json

import pytest

from recordgate_producers.fhir import extract, parse
from recordgate_producers.samples import AMENDMENT, RECORDS
from tests.support.samples import __main__ as build
from tests.unit.producers.bundles import entry, hidden


def files() -> dict[str, str]:
    return {name: build.render(document) for name, document in build.files().items()}


@pytest.mark.parametrize("name", sorted(files()))
def test_a_file_is_what_its_script_writes(name: str) -> None:
    """Run `python -m tests.support.samples` after changing the script."""
    assert files()[name] == (build.FOLDER / name).read_text("utf-8")


def test_no_sample_file_is_left_over() -> None:
    there = {
        f"{folder.name}/{path.name}"
        for folder in (RECORDS, AMENDMENT)
        for path in folder.glob("*.json")
    }
    assert set(files()) == there


@pytest.mark.parametrize("name", sorted(files()))
def test_a_sample_is_published_whole_and_names_only_numbers_that_are_never_issued(
    name: str,
) -> None:
    record = extract(parse((build.FOLDER / name).read_bytes()))
    assert not [one for one in record.resources if one.outcome == "refused"]
    assert record.patient.nhs_number.digits.startswith("999000")
    assert record.patient.registered_on is not None
    table = (build.FOLDER / "README.md").read_text("utf-8")
    assert name in table


def test_the_table_names_every_case_of_hiding() -> None:
    found = {
        name: sorted(hidden(extract(parse((build.FOLDER / name).read_bytes())))) for name in files()
    }
    assert found["records/1-consultations.json"] == [
        "Encounter/private", "List/private-list", "Observation/disclosure", "Observation/plan",
    ]  # fmt: skip
    assert found["records/2-results.json"] == found["amendment/2-results.json"] == [
        "DiagnosticReport/screening", "Observation/bp-hidden", "Observation/bp-hidden-lower",
        "Observation/bp-hidden-upper", "Observation/screen-result", "ProcedureRequest/screen",
    ]  # fmt: skip


def test_the_amendment_files_the_last_result_corrects_one_and_drops_one() -> None:
    early, late = (
        extract(parse((folder / "2-results.json").read_bytes())) for folder in (RECORDS, AMENDMENT)
    )
    assert entry(early, "Observation/creatinine").readiness == "unfiled"
    assert entry(late, "Observation/creatinine").readiness == "filed"
    before, after = ({one.entry_id: one.body for one in record.entries} for record in (early, late))
    assert {key.split("/")[1] for key in before.keys() - after.keys()} == {"withdrawn"}
    assert {key.split("/")[1] for key in after.keys() - before.keys()} == {"corrected-weight"}
    changed = {
        key.split("/")[1] for key in before.keys() & after.keys() if before[key] != after[key]
    }
    assert changed == {"creatinine", "white-cells"}
    assert json.loads(build.render(build.files()["amendment/2-results.json"]))
