"""The auditor: asks independently whether what was decided is what the specification demands."""
