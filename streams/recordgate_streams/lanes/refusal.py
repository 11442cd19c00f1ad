"""Why a control does not count: the classes, in words and in numbers."""

from collections.abc import Iterable
from enum import StrEnum

from recordgate_runtime.metrics import REFUSED_CONTROLS


class Refusal(StrEnum):
    """Why a control does not count, as its quarantine notice begins."""

    UNSIGNED = "unsigned_control"
    UNKNOWN_KEY = "unknown_key"
    BROKEN = "wrong_signature"
    NOT_VALID = "key_not_valid"
    OTHER_PRACTICE = "other_practice"
    OTHER_SOURCE = "other_source"

    @property
    def error(self) -> str:
        """The refusal in words, naming nobody."""
        return f"{self}: {_WORDS[self]}; see docs/runbook/service-keys.md"


_WORDS = {
    Refusal.UNSIGNED: "this kind of control counts only with the signature of a service",
    Refusal.UNKNOWN_KEY: "the signature names no key that the ledger knows",
    Refusal.BROKEN: "the signature is not this key's over this control",
    Refusal.NOT_VALID: "the key was not valid when the control came: retired, expired, or not yet",
    Refusal.OTHER_PRACTICE: "the key does not speak for the practice concerned",
    Refusal.OTHER_SOURCE: "the hide is about a version of one source, the entry's id names another",
}


def is_refusal(error: str) -> bool:
    """Return whether a quarantine notice is a refusal: the control was understood, and holds nothing."""
    return error.partition(":")[0] in set(Refusal)


def begin_counting() -> None:
    """Let every class be counted from 0 on: of a number that appears at 1 nobody could say that it has grown."""
    for one in Refusal:
        REFUSED_CONTROLS.labels(one.value)


def count(refused: Iterable[Refusal]) -> None:
    """Count controls that were refused in a transaction that was committed."""
    for one in refused:
        REFUSED_CONTROLS.labels(one.value).inc()
