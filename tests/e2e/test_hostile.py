"""Valid, hostile and mutated records through everything: all processes live, all is accounted for, nothing leaks.

`RECORDGATE_HOSTILE` says how many records, `make hostile` sends 100,000; `RECORDGATE_SEED` repeats a run. What is shown
is compared with the auditor's model over what lies in the topics: never more than that, and no less for patients
about whom no control is unreadable or astray.
"""

import os
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from recordgate_deploy.processes import APPS
from recordgate_deploy.settled import Watch
from recordgate_deploy.waiting import await_true
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings, settings
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.account import read_account
from tests.hostile.answer import told
from tests.hostile.compare import compare
from tests.hostile.histories import Sent, patients, shuffled
from tests.hostile.mutations import MUTATIONS, mutated
from tests.hostile.traffic import read, replays_and_rubbish, send
from tests.support.stack import is_ready, running_stack

RECORDS = int(os.environ.get("RECORDGATE_HOSTILE", "2000"))
SEED = int(os.environ.get("RECORDGATE_SEED", "20261128"))
MUTATED = 0.7
"""How many of the records of a patient who is picked on are mutated; every other patient is."""
AT_ONCE = 40
"""Patients whose records come in any order between each other's."""
A_NUMBER = re.compile(rb"999[ -]?\d{3}[ -]?\d{4}")


@pytest.mark.timeout(3600 if RECORDS > 10_000 else 900)
def test_hostile_records_stop_nobody_are_all_accounted_for_and_show_nothing(tmp_path: Path) -> None:
    numbers, records = _records(Random(SEED))
    with running_stack(tmp_path, batch_entries="500") as runner:
        for app in APPS:
            assert await_true(lambda: is_ready(runner, app.name), timeout_s=300), app.name  # noqa: B023
        before, known = runner.pids(), settings()
        how = _send(records, known)
        _rest(known)
        arrived = [one for topic in (CONTROLS, ENTRIES) for one in read(topic, known)]
        verdict = compare(known, told(arrived), numbers)
        with connect(known.ledger_dsn, "metrics", autocommit=True) as ledger:
            account = read_account(ledger)
        after = runner.pids()

    print(f"\nseed={SEED} sent={how.total()} patients={len(numbers)} {dict(sorted(how.items()))}")
    print(account.sentence())
    print(f"shown={verdict.shown} exact={verdict.exact}/{len(numbers)}")
    print("\n".join(f"leaked: {one}" for one in verdict.leaked[:20]))
    print("\n".join(f"dark: {one}" for one in verdict.dark[:20]))
    assert set(MUTATIONS) <= set(how)
    assert after == before, "a process was started again"
    assert account.unaccounted == 0
    assert account.received == sum(one.topic == ENTRIES.name for one in arrived)
    assert verdict.leaked == []
    assert verdict.dark == []
    assert verdict.shown > RECORDS // 50
    assert A_NUMBER.search((tmp_path / "processes.log").read_bytes()) is None


def _records(rng: Random) -> tuple[list[NhsNumber], list[Sent]]:
    """Records in the order of sending. Every other patient's are mutated, and may be taken for another such one's."""
    numbers: list[NhsNumber] = []
    found: list[Sent] = []
    source = patients(SEED)
    while len(found) < RECORDS:
        some = [next(source) for _ in range(AT_ONCE)]
        numbers += [number for number, _ in some]
        picked_on = [number for number, _ in some[::2]]
        keys = {number.key for number in picked_on}
        for record in shuffled(rng, [records for _, records in some]):
            wrong = record.key in keys and rng.random() < MUTATED
            found += mutated(rng, record, picked_on) if wrong else [record]
    return numbers, found


def _send(records: list[Sent], known: Settings) -> Counter[str]:
    """Most of the records; then the rest, among messages of the decider sent again, and rubbish."""
    rng = Random(SEED)
    most = len(records) * 3 // 4
    first, rest = records[:most], records[most:]
    send(rng, first, known)
    _rest(known)
    for one in replays_and_rubbish(rng, known, RECORDS // 10):
        rest.insert(rng.randrange(len(rest) + 1), one)
    send(rng, rest, known)
    return Counter(one.how for one in (*first, *rest))


def _rest(known: Settings) -> None:
    watch = Watch(known)
    watch.wait(timeout_s=300 + RECORDS / 20)
    watch.close()
