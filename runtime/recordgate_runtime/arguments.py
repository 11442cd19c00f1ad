"""Command-line values that parse themselves: our own parsers as typer's `parser=`."""

from collections.abc import Callable
from typing import TypeVar

from recordgate_schemas.errors import InvalidValue, UsageError

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
