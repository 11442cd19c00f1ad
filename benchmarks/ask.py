"""Answers one question as JSON on standard output: `python -m benchmarks.ask QUESTION [--short]`."""

import importlib
import json
import sys

if __name__ == "__main__":
    question = importlib.import_module(f"benchmarks.{sys.argv[1]}")
    answer = question.measure(short="--short" in sys.argv[2:])
    sys.stdout.write(json.dumps(answer))
