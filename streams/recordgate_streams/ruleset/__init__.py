"""The ruleset: switches, numbers, practices, labels, code sets, texts; validated and hashed as one bundle."""

from recordgate_streams.ruleset.bundle import (
    SHIPPED,
    SHOWN_DIGITS,
    Ruleset,
    current,
    from_data,
    load,
)
from recordgate_streams.ruleset.digest import engine_hash
from recordgate_streams.ruleset.document import from_document, open_ruleset
from recordgate_streams.ruleset.model import ReasonText, ReasonTexts
from recordgate_streams.ruleset.problems import BadRuleset, read_file, read_text

__all__ = [
    "SHIPPED",
    "SHOWN_DIGITS",
    "BadRuleset",
    "ReasonText",
    "ReasonTexts",
    "Ruleset",
    "current",
    "engine_hash",
    "from_data",
    "from_document",
    "load",
    "open_ruleset",
    "read_file",
    "read_text",
]
