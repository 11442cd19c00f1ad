"""The kill test's parts: load, nemesis, witness, and the independent answer."""
