"""Command-line values that parse themselves: our own parsers as typer's `parser=`; and a number that stays off it."""

import getpass
import sys
from collections.abc import Callable
from typing import TypeVar

from recordgate_schemas.errors import InvalidValue, UsageError
from recordgate_schemas.values import NhsNumber

T = TypeVar("T")


def parser(parse: Callable[[str], T | None], rule: str = "") -> Callable[[str], T]:
    """Return `parse` for typer: what it refuses is a UsageError, one line and exit status 2, without the value.

    `parse` refuses by raising InvalidValue, or by returning None; then the message is `rule`.
    """

    def parse_or_refuse(written: str) -> T:
        try:
            value = parse(written)
        except InvalidValue as error:
            raise UsageError(str(error)) from None
        if value is None:
            raise UsageError(rule)
        return value

    return parse_or_refuse


def ask_nhs_number() -> NhsNumber:
    """Return an NHS number that is typed or piped in. SAFETY: everybody who may list processes sees an argument."""
    typed = getpass.getpass("NHS number: ") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        return NhsNumber.parse(typed.strip())
    except InvalidValue as error:
        raise UsageError(str(error)) from None
