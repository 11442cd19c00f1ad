"""What tests of hostile records ask of an entry."""

from recordgate_producers.fhir import Extract
from recordgate_producers.fhir.report import ResourceOutcome
from recordgate_schemas.entry import ClinicalEntry, Marker, Readiness, ThirdParty
from tests.unit.producers.bundles import Json, entry, observation


def coded(code: str, system: str = "x") -> Json:
    return {"coding": [{"system": system, "code": code}]}


def victim(record: Extract, key: str = "Observation/x") -> ClinicalEntry:
    return entry(record, key)


def is_held(one: ClinicalEntry) -> bool:
    """Whether the entry itself asks for a person to look, or waits for its source."""
    finished = {Readiness.FINAL, Readiness.FILED, Readiness.REVIEWED}
    return (
        one.third_party is not ThirdParty.NONE
        or Marker.UNKNOWN in one.markers
        or one.readiness not in finished
        or bool(one.labels)
    )


def refused(record: Extract) -> set[int]:
    return {one.index for one in record.resources if one.outcome is ResourceOutcome.REFUSED}


def shown(one: ClinicalEntry) -> str:
    return one.body.decode()


def survivor_is_untouched(record: Extract) -> bool:
    return not is_held(entry(record, "Observation/survivor"))


SURVIVOR = observation("survivor")
