"""The decision a second time, written from docs/specification.md alone: slow, obvious, sharing no code with the rules.

Each module stands for one section of that page and is meant to be read next to it.
"""

from recordgate_audit.model.judge import decide_history
from recordgate_audit.model.outcome import Judgement

__all__ = ["Judgement", "decide_history"]
