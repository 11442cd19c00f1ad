"""The decision: a pure policy, the ledger that remembers, and the engines that carry records to it."""
