"""How a ruleset comes into force: rehearsal, approval, activation, application."""
