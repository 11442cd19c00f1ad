"""The view database: what was released, the gate in front of it, and the only way to read it."""
