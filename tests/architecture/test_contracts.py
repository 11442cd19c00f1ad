"""The import contracts hold, and each of them bites: an import that it forbids, planted in a copy, breaks it alone."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.sources import ROOT

CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS = [contract["name"] for contract in CONFIG["contracts"]]
PLANTS = {
    # contract: imports that break it and no other, as (where, what)
    "Packages depend downwards only and never on their neighbours": [
        ("recordgate_runtime", "import recordgate_producers"),
        ("recordgate_consumers", "from recordgate_streams.policy import dates"),
        ("recordgate_producers", "def f() -> None:\n    import recordgate_consumers.view"),
        ("recordgate_streams.cli", "from recordgate_audit import model"),
        ("recordgate_audit", "import recordgate_deploy"),
    ],
    "Rooms of streams depend downwards only and never on their neighbours": [
        ("recordgate_streams.engines", "import recordgate_streams.cli"),
        ("recordgate_streams.golden", "import recordgate_streams.engines"),
        ("recordgate_streams.lanes", "import recordgate_streams.golden"),
        ("recordgate_streams.lanes", "from recordgate_streams import inspection"),
        ("recordgate_streams.rollout", "from recordgate_streams.inspection import account"),
        ("recordgate_streams.ledger", "import recordgate_streams.rollout"),
        ("recordgate_streams.ruleset", "import recordgate_streams.decider"),
        ("recordgate_streams.ruleset", "import recordgate_streams.bodies"),
        ("recordgate_streams.ruleset", "from recordgate_streams import ledger"),
    ],
    "Golden rows are decided without a ledger": [
        ("recordgate_streams.golden", "from recordgate_streams.ledger import rows"),
        ("recordgate_streams.golden", "def f() -> None:\n    import recordgate_runtime.postgres"),
    ],
    "The policy is pure": [
        ("recordgate_streams.policy.rules", "import random"),
        ("recordgate_streams.policy", "from recordgate_schemas import codec"),
        ("recordgate_streams.policy.dates", "import orjson"),
        ("recordgate_streams.policy", "from recordgate_runtime import clock"),
    ],
    "The decider is pure": [
        ("recordgate_streams.decider", "import time"),
        ("recordgate_streams.decider", "import recordgate_streams.bodies"),
        ("recordgate_streams.decider", "from recordgate_runtime.logs import log"),
    ],
    "Bodies are read with two JSON libraries and nothing else": [
        ("recordgate_streams.bodies", "import json"),
        ("recordgate_streams.bodies", "def f() -> None:\n    import recordgate_runtime.metrics"),
    ],
    "The gate lane knows no rules and no decisions": [
        ("recordgate_consumers.view.gate_rules", "from recordgate_consumers.view import read"),
        ("recordgate_consumers.view.gate_rules", "import recordgate_consumers.review"),
    ],
    "The auditor's model shares no code with anything": [
        ("recordgate_audit.model", "from recordgate_schemas.reasons import Reason"),
        ("recordgate_audit.model", "import recordgate_schemas.reasons"),
    ],
    "Schemas need the standard library, fastavro and a check of NHS numbers": [
        ("recordgate_schemas", "import orjson"),
        ("recordgate_schemas", "import os"),
    ],
    "Only the Faust engine imports Faust": [
        ("recordgate_streams.engines", "import faust"),
        ("recordgate_deploy", "from faust import App"),
    ],
    "psycopg stays where SQL is: the ledger, the consumers' tables, the runtime": [
        ("recordgate_streams.cli", "import psycopg"),
        ("recordgate_producers", "from psycopg.types.json import Jsonb"),
        ("recordgate_runtime.kafka", "import psycopg"),
    ],
    "In streams only the ledger reads SQL files": [
        ("recordgate_streams.inspection", "from recordgate_runtime.sql import Statements"),
    ],
    "confluent-kafka where the decider reads and publishes in bulk, and to see whether a broker is ready": [
        ("recordgate_streams.engines", "from confluent_kafka import Consumer"),
        ("recordgate_producers", "import confluent_kafka"),
    ],
    "kafka-python only where Kafka is spoken outside the decider": [
        ("recordgate_streams.lanes", "import kafka"),
        ("recordgate_consumers", "from kafka import KafkaConsumer"),
    ],
    "Only the codec imports fastavro": [
        ("recordgate_schemas", "import fastavro"),
        ("recordgate_runtime", "def f() -> None:\n    from fastavro.schema import load"),
    ],
    "Metrics are declared and served in two files": [
        ("recordgate_streams.lanes", "from prometheus_client import Counter"),
    ],
}
CASES = [(name, where, what) for name, plants in PLANTS.items() for where, what in plants]


@pytest.fixture(scope="module")
def noticed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[str]]:
    """The contracts that object to each planted import."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.plant", str(tmp_path_factory.mktemp("copy"))],
        cwd=ROOT,
        input=json.dumps([case[1:] for case in CASES]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip([case[1:] for case in CASES], json.loads(done.stdout), strict=True))


def test_the_contracts_hold() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_an_import_that_breaks_it() -> None:
    assert set(CONTRACTS) == set(PLANTS)
    assert [name for name, plants in PLANTS.items() if not plants] == []


@pytest.mark.parametrize(("contract", "where", "what"), CASES)
def test_a_forbidden_import_breaks_its_contract_and_no_other(
    noticed: dict[tuple[str, str], list[str]], contract: str, where: str, what: str
) -> None:
    assert noticed[where, what] == [contract]
