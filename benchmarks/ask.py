"""Answers one question as JSON on standard output: `python -m benchmarks.ask QUESTION [--short] [RATE ...]`."""

import importlib
import json
import sys

if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    question = importlib.import_module(f"benchmarks.{name}")
    rates = {"rates": found} if (found := [int(one) for one in rest if one != "--short"]) else {}
    sys.stdout.write(json.dumps(question.measure(short="--short" in rest, **rates)))
