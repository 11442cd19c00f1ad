"""Measurements: one file a question, each started on its own servers; `python -m benchmarks --help`."""
