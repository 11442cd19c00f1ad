"""What bodies lose of their sources is documented, loss by loss."""

from collections import Counter

import pytest

from recordgate_producers.fhir import Given
from tests.leaves.__main__ import OTHERS, PAGE, of_published, of_samples, page
from tests.leaves.losses import losses
from tests.support.shared_data import needs_shared_data
from tests.unit.producers.bundles import Json, bundle, observation


def test_the_page_says_what_the_bodies_of_the_samples_lose() -> None:
    written = PAGE.read_text("utf-8")
    assert written == page(of_samples(), written.partition(OTHERS)[2].strip())


def test_every_loss_of_the_samples_is_explained() -> None:
    assert [loss for loss in of_samples() if not loss.why] == []


@needs_shared_data
def test_every_loss_of_the_published_records_is_explained_and_on_the_page() -> None:
    written = PAGE.read_text("utf-8").partition(OTHERS)[2]
    found = of_published(step=10)
    assert len(found) > 60
    missing = [one for one in found if f"| {one.type} | `{one.element}` |" not in written]
    assert [loss for loss in found if not loss.why] == missing == []


@pytest.mark.parametrize(
    ("fields", "element", "why"),
    [
        ({"zzz": "x"}, "zzz", ""),
        ({"comment": "of 9990000018"}, "comment", "carries the patient's own number"),
        ({"identifier": [{"value": "1"}]}, "identifier", "numbers and names somebody gave"),
        ({"code": {"coding": [{"display": {"x": "1"}}]}}, "code.coding.display.x", ""),
    ],
)
def test_a_loss_is_found(fields: Json, element: str, why: str) -> None:
    (loss,) = losses(bundle(observation("x") | fields), Given()).keys()
    assert (loss.type, loss.element, loss.why.partition(";")[0]) == ("Observation", element, why)
    assert losses(bundle(observation("x")), Given()) == Counter()
