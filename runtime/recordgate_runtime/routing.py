"""Which partition a patient's records belong in: Kafka's default, murmur2 over the key, as every Kafka client has it.

The number of partitions is written into each database when it is first used and never changes by itself
(`positions.adopt_partitions`). SAFETY: positions and sequence numbers of different partitions cannot be compared, so a
record elsewhere is no record of its patient.
"""

from functools import lru_cache

from kafka.partitioner.default import murmur2


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition, of so many, that the records with this key belong in."""
    return int(murmur2(key) & 0x7FFF_FFFF) % partitions
