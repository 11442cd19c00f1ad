"""While there is nothing to forget, the sweep asks the database once a second and no more often."""

from typing import Any

from recordgate_consumers.view.sweep import Sweep


class Counted(Sweep):
    """Counts its steps; `left`: how many of them leave something to do."""

    def __init__(self, left: int) -> None:
        connection: Any = None
        super().__init__(connection)
        self.left, self.steps = left, 0

    def step(self) -> None:
        self.steps += 1
        self.left = max(0, self.left - 1)
        self._partitions = [0] if self.left else []


def test_a_sweep_without_work_rests() -> None:
    sweep = Counted(left=0)
    for _ in range(5):
        sweep.step_if_due()

    assert sweep.steps == 1


def test_a_sweep_with_work_goes_on_between_all_batches() -> None:
    sweep = Counted(left=4)
    for _ in range(4):
        sweep.step_if_due()

    assert sweep.steps == 4
