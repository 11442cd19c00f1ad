"""The lock names today's schema files, and writing it anew changes nothing."""

from docs.lock_schemas import LOCK, relocked


def test_writing_the_lock_anew_changes_nothing_and_a_wrong_line_is_put_right() -> None:
    text = LOCK.read_text("utf-8")
    assert relocked(text) == text
    first = next(line for line in text.splitlines() if not line.startswith("#"))
    assert relocked(text.replace(first, f"{first.split()[0]} 0")) == text
