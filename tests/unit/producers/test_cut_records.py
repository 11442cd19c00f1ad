"""However a publisher cuts a record into Bundles, and whichever comes first: what is shown in the end is the same."""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest

from recordgate_producers.fhir import Given
from tests.unit.producers.bundles import (
    Json,
    encounter,
    listing,
    nopat,
    observation,
    read,
    ref,
    thing,
)
from tests.unit.producers.decided import decided, outcomes

FIRST, SECOND = "2026-09-01T06:00:00Z", "2026-09-02T06:00:00Z"

first, second = partial(read, timestamp=FIRST), partial(read, timestamp=SECOND)


def report(name: str, *results: str, **fields: Any) -> Json:
    made = [ref(f"Observation/{one}") for one in results]
    dates = {"issued": "2026-03-02T09:00:00+00:00"}
    return thing("DiagnosticReport", name, **{"status": "final", "result": made, **dates, **fields})


def condition(name: str, *lists: str, **fields: Any) -> Json:
    url = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-RelatedClinicalContent-1"
    made = [{"url": url, "valueReference": ref(one)} for one in lists]
    dates = {"assertedDate": "2026-03-02T09:00:00+00:00", "clinicalStatus": "active"}
    return thing("Condition", name, **{"extension": made or None, **dates, **fields})


def test_a_label_taken_off_at_the_source_opens_the_entry_again() -> None:
    labelled, plain = first(nopat(observation("x"))), second(observation("x"))
    for order in ([labelled, plain], [plain, labelled]):
        assert outcomes(*order) == {"x": "RELEASED"}
    assert outcomes(labelled) == {"x": "WITHHELD SOURCE_NOPAT"}


def test_a_report_is_looked_at_when_its_result_is_hidden_in_another_bundle() -> None:
    both = first(report("r", "x", conclusion="As expected"), observation("x"))
    other = second(nopat(observation("x")))
    for order in ([both, other], [other, both]):
        assert outcomes(*order) == {"r": "HELD LINKED", "x": "WITHHELD SOURCE_NOPAT"}


def members(*names: str) -> list[Json]:
    return [ref(f"Observation/{one}") for one in names]


def test_a_result_that_is_labelled_in_another_bundle_spares_the_rest_of_its_group() -> None:
    group = observation("g", category=[_LABORATORY], hasMember=members("a", "b"))
    whole = first(group, observation("a"), observation("b"))
    result = second(nopat(observation("a")))
    for order in ([whole, result], [result, whole]):
        assert outcomes(*order) == {
            "g": "HELD LINKED", "a": "WITHHELD SOURCE_NOPAT", "b": "RELEASED",
        }  # fmt: skip


def test_a_report_waits_for_a_result_that_is_unfiled_in_another_bundle() -> None:
    both = first(report("r", "x", "y"), observation("x"), observation("y"))
    apart = second(observation("x", status="preliminary"))
    for order in ([both, apart], [apart, both]):
        assert outcomes(*order) == {
            "r": "DEFERRED PARTIAL",
            "x": "DEFERRED NOT_FILED",
            "y": "DEFERRED PARTIAL",
        }
    filed = read(observation("x"), timestamp="2026-09-03T06:00:00Z")
    assert set(outcomes(both, apart, filed).values()) == {"RELEASED"}


def test_one_unfiled_result_makes_the_whole_report_partial_and_no_other_one() -> None:
    group = observation("g", hasMember=[ref("Observation/a"), ref("Observation/b")])
    results = (observation("a"), observation("b", status="preliminary"), observation("c"))
    assert outcomes(read(report("r", "g"), group, *results, report("other", "c"))) == {
        **dict.fromkeys(("r", "g", "a"), "DEFERRED PARTIAL"),
        "b": "DEFERRED NOT_FILED",
        **dict.fromkeys(("other", "c"), "RELEASED"),
    }


def test_what_lies_in_an_unsaved_consultation_is_not_shown() -> None:
    unsaved = first(encounter("e", status="unknown"))
    inside = second(observation("x", context=ref("Encounter/e")), observation("y"))
    assert outcomes(unsaved, inside) == {
        "e": "DEFERRED DRAFT",
        "x": "DEFERRED DRAFT",
        "y": "RELEASED",
    }


def test_a_problem_that_refers_to_a_consultation_hidden_in_another_bundle_is_looked_at() -> None:
    problem, consultation = first(condition("p", "Encounter/e")), second(nopat(encounter("e")))
    assert outcomes(problem, consultation) == {"p": "HELD LINKED", "e": "WITHHELD SOURCE_NOPAT"}


def test_what_only_a_hidden_problem_lists_is_shown() -> None:
    record = read(
        nopat(condition("p", "Observation/x", "Observation/y")),
        observation("x"),
        observation("y", focus=[ref("Condition/p")]),
    )
    assert outcomes(record) == {"p": "WITHHELD SOURCE_NOPAT", "x": "RELEASED", "y": "HELD LINKED"}


def test_an_unfiled_result_is_published_before_its_report_and_a_draft_before_what_it_holds() -> (
    None
):
    inside = observation("x", context=ref("Encounter/e"), status="preliminary")
    record = read(
        report("r", "g"), observation("g", hasMember=[ref("Observation/x")]), inside, encounter("e")
    )
    assert [one.entry_id.split("/")[1] for one in record.entries] == ["e", "x", "g", "r"]


def _resources(rng: Random) -> Iterator[Json]:
    """Yield a small record: consultations, results, reports, a list, a problem; some of it unfiled or not saved."""
    consultations, results = ("e0", "e1"), ("x0", "x1", "x2", "x3")
    for name in consultations:
        yield encounter(name, status=rng.choice(("finished", "finished", "unknown")))
    for name in results:
        status = rng.choice(("final", "final", "final", "preliminary"))
        inside = (
            {"context": ref(f"Encounter/{rng.choice(consultations)}")} if rng.random() < 0.3 else {}
        )
        yield observation(name, status=status, category=[_LABORATORY], **inside)
    for name in ("r0", "r1"):
        yield report(name, *rng.sample(results, rng.randint(1, 2)), conclusion="Invented")
    yield listing("l", *(f"Observation/{one}" for one in rng.sample(results, 2)))
    names = [f"Encounter/{one}" for one in consultations] + [
        f"Observation/{one}" for one in results
    ]
    yield condition("p", *rng.sample(names, 2))
    yield observation("bp", hasMember=members("upper", "lower"))
    yield observation("upper", context=ref(f"Encounter/{rng.choice(consultations)}"))
    yield observation("lower")


_LABORATORY = {"coding": [{"code": "laboratory"}]}


def _cut(rng: Random, resources: Sequence[Json]) -> list[list[Json]]:
    """The resources in a few Bundles."""
    bundles: list[list[Json]] = [[] for _ in range(rng.randint(2, 5))]
    for one in resources:
        rng.choice(bundles).append(one)
    return [one for one in bundles if one]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_shown_does_not_depend_on_how_a_record_was_cut(seed: int) -> None:
    rng = Random(seed)
    shown = 0
    for _ in range(40):
        resources = [nopat(one) if rng.random() < 0.1 else one for one in _resources(rng)]
        whole = {key: one.released for key, one in decided(first(*resources)).items()}
        shown += sum(whole.values())
        for _ in range(3):
            parts = [first(*part, given=Given(system="fhir")) for part in _cut(rng, resources)]
            rng.shuffle(parts)
            assert {key: one.released for key, one in decided(*parts).items()} == whole
    assert shown > 200
