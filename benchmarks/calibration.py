"""How fast the machine is at the moment: a loop of plain Python and hashing that has nothing to do with Recordgate.

CPU time says how fast a core is, wall clock beside it how much of a core one process gets.
"""

import hashlib
import time

TURNS = 20_000
_BLOCK = bytes(range(256)) * 4


def calibrate() -> dict[str, float]:
    """Return microseconds a turn of the loop takes, of CPU and by the clock on the wall; about half a second."""
    wall, cpu = time.perf_counter(), time.process_time()
    for turn in range(TURNS):
        _turn(turn)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "calibration_cpu_us": round(cpu * 1e6 / TURNS, 2),
        "calibration_wall_us": round(wall * 1e6 / TURNS, 2),
    }


def _turn(turn: int) -> str:
    seen = {f"{turn}-{n}": n * turn for n in range(40)}
    return hashlib.sha256(_BLOCK + str(max(seen.values())).encode()).hexdigest()
