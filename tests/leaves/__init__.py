"""Compares every leaf of a body with its source: what is left out, and by which documented rule.

`python -m tests.leaves` writes docs/what-is-left-out.md, and fails on a loss that no rule explains.
"""
