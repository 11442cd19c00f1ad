"""The cost of turning an entry into bytes and back, with every check the decider makes."""

from functools import partial

from benchmarks.repeat import median_us
from recordgate_producers.simulator import simulate
from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import ENTRIES

ROUNDS = 15


def measure(*, short: bool) -> dict[str, object]:
    """Return CPU microseconds per entry."""
    patients = simulate(patients=50, entries_per_patient=20, seed=4)
    entries: list[ClinicalEntry] = [entry for patient in patients for entry in patient.entries]
    values = [codec.encode(ENTRIES, entry) for entry in entries]
    rounds = 5 if short else ROUNDS
    return {
        "what": "Avro, one entry",
        "how": f"CPU time, median of {rounds} rounds over {len(entries)} entries; decoding reads, encodes again and"
        " compares, then builds the typed entry",
        "numbers": {
            "value_bytes": round(sum(map(len, values)) / len(values)),
            "encode_us": median_us(partial(codec.encode, ENTRIES), entries, rounds),
            "decode_us": median_us(partial(codec.decode, ENTRIES), values, rounds),
        },
    }
