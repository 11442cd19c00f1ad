"""Values that parse or raise, and hide themselves when printed.

NHS numbers identify a patient, so their repr and str are masked: only `.digits` gives the number, and every use of
it is a place to review.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NewType, Self

import nhs_number

from recordgate_schemas.errors import InvalidValue

EntryId = NewType("EntryId", str)
OdsCode = NewType("OdsCode", str)
Audience = NewType("Audience", str)
GrantId = NewType("GrantId", str)

SELF = Audience("self")
PROXY_PREFIX = "proxy:"

_ENTRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/|-]{0,254}")
_ODS = re.compile(r"[A-Z][0-9A-Z]{2,9}")
_GRANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, repr=False, order=True)
class NhsNumber:
    """Ten digits whose modulus-11 check digit holds (NHS Data Dictionary, NHS NUMBER)."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number, spaces removed; raise InvalidValue when it is none."""
        digits = text.replace(" ", "")
        if not _is_nhs_number(digits):
            raise InvalidValue(
                "nhs_number: not ten digits with a valid check digit; correct it at the source"
            )
        return cls(digits)

    @classmethod
    def of_key(cls, key: bytes | None) -> Self | None:
        """Return the number that a record's key is; None when it is none."""
        try:
            return cls.parse((key or b"").decode("ascii"))
        except (UnicodeDecodeError, InvalidValue):
            return None

    @property
    def key(self) -> bytes:
        """The key of every record about the patient."""
        return self.digits.encode("ascii")

    def __eq__(self, other: object) -> bool:
        """Compare the digits; written out, as numbers are keys everywhere and the generated methods build tuples."""
        return self.digits == other.digits if isinstance(other, NhsNumber) else NotImplemented

    def __hash__(self) -> int:
        """Hash the digits."""
        return hash(self.digits)

    def __repr__(self) -> str:
        """Masked: a patient never reaches a log or a traceback."""
        return "NhsNumber(**********)"

    __str__ = __repr__


@lru_cache(maxsize=65_536)
def _is_nhs_number(digits: str) -> bool:
    return len(digits) == 10 and digits.isascii() and bool(nhs_number.is_valid(digits))


def parse_entry_id(text: str) -> EntryId:
    """Return an entry id: 1 to 255 letters, digits and `._:/|-`; raise InvalidValue otherwise."""
    return EntryId(_match(_ENTRY_ID, text, "entry_id", "1-255 letters, digits or . _ : / | -"))


def is_foreign(entry_id: EntryId, practice: OdsCode, system: str) -> bool:
    """Return whether an id names a practice, or a practice and a system, and another one than these.

    Our publisher's ids are `PRACTICE:SYSTEM:Type/id`. One that does not begin with an ODS code and a colon names none.
    """
    named, colon, rest = entry_id.partition(":")
    if not colon or not _ODS.fullmatch(named):
        return False
    return named != practice or (":" in rest and not rest.startswith(f"{system}:"))


def parse_ods(text: str) -> OdsCode:
    """Return an ODS organisation code: a capital letter, then 2 to 9 capitals or digits."""
    return OdsCode(_match(_ODS, text, "practice", "an ODS code such as A82038"))


def parse_audience(text: str) -> Audience:
    """Return `self` or `proxy:<grant id>`; raise InvalidValue otherwise."""
    if text == SELF:
        return SELF
    if text.startswith(PROXY_PREFIX):
        return proxy(text[len(PROXY_PREFIX) :])
    raise InvalidValue("audience: must be self or proxy:<grant id>")


def proxy(grant_id: str) -> Audience:
    """Return the audience of one proxy grant."""
    return Audience(PROXY_PREFIX + parse_grant_id(grant_id))


def parse_grant_id(text: str) -> GrantId:
    """Return the id of a proxy grant: 1 to 64 letters, digits and hyphens."""
    return GrantId(_match(_GRANT, text, "grant_id", "1-64 letters, digits, -"))


def _match(pattern: re.Pattern[str], text: str, field: str, rule: str) -> str:
    if not pattern.fullmatch(text):
        raise InvalidValue(f"{field}: must be {rule}")
    return text
