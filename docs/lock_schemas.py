"""Writes avro/schemas.lock, the fingerprint of every schema file: `make lock-schemas`, after a schema has changed.

A released version never changes; until the first release the files do.
"""
# ruff: noqa: INP001  a script beside the others that write files

from pathlib import Path

from recordgate_schemas.codec import fingerprint

LOCK = Path(__file__).parents[1] / "schemas" / "recordgate_schemas" / "avro" / "schemas.lock"


def relocked(text: str) -> str:
    """Return the lock with the fingerprints of today's files; comments and order stay."""
    lines = [
        line if line.startswith("#") else f"{line.split()[0]} {fingerprint(line.split()[0])}"
        for line in text.splitlines()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    LOCK.write_text(relocked(LOCK.read_text("utf-8")), "utf-8")
