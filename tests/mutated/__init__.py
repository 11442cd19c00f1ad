"""Mutated FHIR resources: made from real ones by moves that FHIR allows, with secrets planted in them.

`python -m tests.mutated --cases 1000000 --seed 1` runs many; `make test` runs 20,000.
"""
