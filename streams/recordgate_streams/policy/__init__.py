"""The rules, pure: no I/O, no clock, no randomness, nothing of ours imported but the schemas."""
