"""Values parse or raise, and an NHS number hides itself wherever it could be printed."""

import json
import logging
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_schemas.errors import InvalidValue, PoisonError, RecordgateError
from recordgate_schemas.values import (
    EntryId,
    NhsNumber,
    is_foreign,
    parse_audience,
    parse_entry_id,
    parse_ods,
    proxy,
)
from tests.support.builders import NHS_NUMBER, PRACTICE, accepted, control, entry, registered

DIGITS = NHS_NUMBER.digits
PRINTERS: dict[str, Callable[[object], str]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda value: f"{value}",
    "padded f-string": lambda value: f"{value!s:>40}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031  how libraries log
    "format": "{0} {0!r}".format,
    "in a tuple": lambda value: str((value,)),
    "as a key": lambda value: str({value: 1}),
    "in an error": lambda value: str(ValueError(value)),
    "logging": lambda value: logging.LogRecord(
        "x", logging.INFO, "", 0, "%s", (value,), None
    ).getMessage(),
    "json with default=str": lambda value: json.dumps([value], default=str),
}


@pytest.mark.parametrize("printer", PRINTERS)
def test_an_nhs_number_shows_no_digit_when_printed_by(printer: str) -> None:
    printed = PRINTERS[printer](NHS_NUMBER)
    assert DIGITS not in printed
    assert "*" * 10 in printed


@pytest.mark.parametrize("holder", [control(registered()), entry(), accepted()], ids=type)
def test_what_holds_an_nhs_number_does_not_show_it_either(holder: object) -> None:
    assert DIGITS not in repr(holder)


def test_an_nhs_number_does_not_reach_a_traceback() -> None:
    try:
        NhsNumber.parse("9990000019")
    except PoisonError as error:
        printed = "".join(traceback.format_exception_only(error))
    assert "9990000019" not in printed


VALID = ["9990000018", "999 000 0018", "9434765919"]
INVALID = {
    "wrong check digit": "9990000019",
    "nine digits": "999000001",
    "eleven digits": "99900000180",
    "a letter": "99900000I8",
    "hyphens": "999-000-0018",
    "a tab": "999000\t0018",
    "a line break behind": "9990000018\n",
    "other digits": "\uff19" * 10,
    "check digit 10": "9990000000",
    "empty": "",
}


@pytest.mark.parametrize("text", VALID)
def test_an_nhs_number_is_ten_digits_with_or_without_spaces(text: str) -> None:
    assert text.replace(" ", "") == NhsNumber.parse(text).digits


@pytest.mark.parametrize("name", INVALID)
def test_no_nhs_number_is_what_has(name: str) -> None:
    with pytest.raises(InvalidValue, match=r"^nhs_number: ") as refusal:
        NhsNumber.parse(INVALID[name])
    assert not INVALID[name] or INVALID[name] not in str(refusal.value)


@pytest.mark.parametrize("name", INVALID)
def test_no_patients_key_is_what_has(name: str) -> None:
    assert NhsNumber.of_key(INVALID[name].encode()) is None


def test_a_patients_key_is_the_ten_digits() -> None:
    assert NhsNumber.of_key(NHS_NUMBER.key) == NHS_NUMBER
    assert [NhsNumber.of_key(key) for key in (None, b"\xff")] == [None, None]


@given(st.integers(400_000_000, 499_999_999).map(str))
def test_of_ten_check_digits_at_most_one_is_accepted(stem: str) -> None:
    weighted = sum(int(d) * w for d, w in zip(stem, range(10, 1, -1), strict=True))
    check = (11 - weighted % 11) % 11
    accepted = [last for last in "0123456789" if _parses(stem + last)]
    assert ([] if check == 10 else [str(check)]) == accepted


def _parses(text: str) -> bool:
    try:
        return NhsNumber.parse(text).digits == text
    except InvalidValue:
        return False


ENTRY_IDS = {"A82038/emis/1": True, "e": True, "e" * 255: True, "": False, "e" * 256: False}
MORE_IDS = {"-e": False, "e e": False, "e\n": False, "é": False, "e\0": False, "e|1": True}


@pytest.mark.parametrize(("text", "valid"), list({**ENTRY_IDS, **MORE_IDS}.items()))
def test_an_entry_id_is(text: str, *, valid: bool) -> None:
    assert valid is _accepted(parse_entry_id, text)


@pytest.mark.parametrize(
    ("entry_id", "foreign"),
    [
        ("A82038:emis:Observation/1", False),
        ("A82038:tpp:Observation/1", True),
        ("A82038:emis-web:Observation/1", True),
        ("B81001:emis:Observation/1", True),
        ("A82038:Observation/1", False),
        ("B81001:Observation/1", True),
        ("A82038/emis/1", False),
        ("B81001/emis/1", False),
        ("b81001:emis:Observation/1", False),
        ("urn:uuid:1", False),
        ("e1", False),
    ],
)
def test_an_id_is_foreign_if_it_names_another_source(entry_id: str, *, foreign: bool) -> None:
    assert is_foreign(EntryId(entry_id), PRACTICE, "emis") is foreign


@pytest.mark.parametrize(
    ("text", "valid"), [("A82038", True), ("a82038", False), ("A8", False), ("A82038\n", False)]
)
def test_an_ods_code_is(text: str, *, valid: bool) -> None:
    assert valid is _accepted(parse_ods, text)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("self", True),
        ("proxy:g-1", True),
        ("proxy:", False),
        ("proxy:a b", False),
        ("Self", False),
        ("proxy:" + "g" * 64, True),
        ("proxy:" + "g" * 65, False),
    ],
)
def test_an_audience_is(text: str, *, valid: bool) -> None:
    assert valid is _accepted(parse_audience, text)


def test_a_proxys_audience_is_its_grant() -> None:
    assert proxy("g-1") == "proxy:g-1"


def _accepted(parse: Callable[[str], object], text: str) -> bool:
    try:
        return parse(text) == text
    except RecordgateError:
        return False
