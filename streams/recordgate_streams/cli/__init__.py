"""The commands of the decider; thin."""
