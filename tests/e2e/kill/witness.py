"""Reads patients' views all the time, as patients do, and remembers what was seen and how far the gate was before."""

import contextlib
import random
import threading
from dataclasses import dataclass

import orjson
import psycopg

from recordgate_consumers.view.read import read_view
from recordgate_runtime.postgres import connect
from recordgate_schemas.errors import RecordgateError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import SELF, NhsNumber

PREFIX = "Y90001:simulator:Observation/"
Seen = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a patient saw: the gate's positions read before, then (entry id, version) of everything visible."""

    patient: NhsNumber
    gate: dict[int, int]
    seen: Seen


def look(connection: psycopg.Connection, patient: NhsNumber) -> Seen:
    """Return what a patient sees now."""
    found = read_view(connection, patient, SELF)
    return tuple((PREFIX + orjson.loads(entry.body)["id"], entry.version) for entry in found)


class Witness(threading.Thread):
    """Observes until told to stop."""

    def __init__(self, view_dsn: str, patients: tuple[NhsNumber, ...], seed: int) -> None:
        super().__init__(daemon=True, name="witness")
        self.observations: list[Observation] = []
        self._dsn = view_dsn
        self._patients = patients
        self._dice = random.Random(seed)
        self._done = threading.Event()

    def run(self) -> None:
        """Look at one patient after the other; connect again when PostgreSQL was killed."""
        while not self._done.wait(0.005):
            with contextlib.suppress(psycopg.Error, RecordgateError):
                self._observe()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self.join()

    def _observe(self) -> None:
        with connect(self._dsn, "view_reader") as view, psycopg.connect(self._dsn) as gate:
            gate.autocommit = True
            while not self._done.wait(0.005):
                patient = self._dice.choice(self._patients)
                rows = gate.execute(
                    "select partition, next_offset from source_position where topic = %s",
                    (CONTROLS.name,),
                ).fetchall()
                self.observations.append(Observation(patient, dict(rows), look(view, patient)))
