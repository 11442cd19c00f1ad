"""The text and the rows of docs/reference/controls.md, from the table that the lanes use."""
# ruff: noqa: INP001  a part of docs/generate.py

from collections.abc import Iterator

from recordgate_schemas.authority import AUTHORITY

ABOUT = (
    "Who says a control, and whether it counts only with the signature of a service. A signature is over all fields of"
    " the control and names its key; the decider counts it when the ledger knows the key, the key was valid when Kafka"
    " received the control, and it speaks for the practice that the control names, or for all practices when it names"
    " none. A control of a kind that is not in this table must be signed for all practices. See"
    " [ADR 17](../adr/0017-what-opens-is-signed.md) and [service keys](../runbook/service-keys.md)."
)
TITLE = ("Who may say what", ABOUT)
HEAD = ("control", "said by", "signed", "why")


def rows() -> Iterator[tuple[str, ...]]:
    """Return one row for each change."""
    for change, one in AUTHORITY.items():
        yield f"`{change.__name__}`", one.by, str(one.signed), one.why
