"""The view database: what was released, the gate before it, and the one way to read it."""
