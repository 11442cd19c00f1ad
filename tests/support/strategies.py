"""Hypothesis strategies: any message that the schemas allow, and small worlds of controls that meet each other."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from recordgate_schemas.control import (
    AccessDeclined,
    AccessLevelSet,
    AccessOptedIn,
    AccessResumed,
    AccessReviewCoded,
    AccessSuspended,
    Change,
    Control,
    Deregistered,
    Died,
    EntryHidden,
    EntryShown,
    Historic,
    Level,
    NhsNumberChanged,
    ProxyEnded,
    ProxyGranted,
    Registered,
    ReviewAction,
    Reviewed,
    SensitivityFlagged,
    StateConfirmed,
)
from recordgate_schemas.entry import SourceVersion
from recordgate_schemas.values import SELF, Audience, EntryId, GrantId, NhsNumber, OdsCode, proxy
from tests.support.builders import (
    NHS_NUMBER,
    OTHER_NUMBER,
    OTHER_PRACTICE,
    PRACTICE,
    RULESET,
    entry,
)

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = st.sampled_from([date(2024, 10, 1), date(2025, 2, 1), date(2025, 6, 1)])
INSTANTS = st.sampled_from([FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=2)])
GRANTS = st.sampled_from([GrantId("g1"), GrantId("g2")])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = st.integers(-(10**15), 10**15).map(lambda us: _EPOCH + timedelta(microseconds=us))


def _teach() -> None:
    st.register_type_strategy(NhsNumber, st.sampled_from([NHS_NUMBER, OTHER_NUMBER]))
    ids = st.text(_IN_IDS, max_size=6).map(lambda text: EntryId("e" + text))
    st.register_type_strategy(EntryId, ids)
    st.register_type_strategy(OdsCode, st.sampled_from([PRACTICE, OTHER_PRACTICE]))
    st.register_type_strategy(Audience, st.sampled_from([SELF, proxy("g1")]))
    st.register_type_strategy(datetime, _INSTANT)
    st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
    st.register_type_strategy(GrantId, GRANTS)
    st.register_type_strategy(str, st.text(_STORABLE, max_size=12))
    st.register_type_strategy(bytes, st.binary(max_size=40))


_IN_IDS = "aZ09._:/|-"
_STORABLE = st.characters(codec="utf-8", exclude_characters="\0")
_teach()


def messages(cls: type) -> st.SearchStrategy[Any]:
    """Any message of a class."""
    return st.from_type(cls)


def _about_access() -> list[st.SearchStrategy[Any]]:
    """Changes of access that few days, levels and practices bring into each other's way."""
    practices = st.sampled_from([PRACTICE, OTHER_PRACTICE])
    past = st.none() | st.builds(
        Historic, level=st.sampled_from(Level), since=st.none() | DAYS, checked=st.booleans()
    )
    return [
        st.builds(Registered, practice=practices, registered_on=DAYS, birth_date=DAYS),
        st.builds(Deregistered, practice=practices, left_on=DAYS),
        st.builds(
            AccessLevelSet,
            practice=practices,
            level=st.sampled_from(Level),
            effective_from=st.none() | DAYS,
            historic=past,
            practice_grant_from=st.none() | DAYS,
        ),
        st.builds(
            ProxyGranted,
            grant_id=GRANTS,
            practice=practices,
            granted_on=DAYS,
            until=st.none() | DAYS,
            historic=past,
            renewed_at_age=st.sampled_from([None, 11, 13]),
        ),
        st.builds(ProxyEnded, grant_id=GRANTS),
    ]


def _switches() -> list[st.SearchStrategy[Any]]:
    kinds = (AccessDeclined, AccessOptedIn, AccessReviewCoded, AccessSuspended, AccessResumed)
    return [*map(st.builds, (*kinds, SensitivityFlagged, Died, NhsNumberChanged))]


def patient_changes() -> st.SearchStrategy[Change]:
    """Changes about a patient, often about the same thing."""
    confirmed = st.builds(StateConfirmed, through=st.integers(0, 5))
    return st.one_of(*_about_access(), *_switches(), confirmed)


def entry_changes() -> st.SearchStrategy[EntryHidden | EntryShown | Reviewed]:
    """Changes about E0; a release may have been given under another ruleset."""
    about = entry()
    related = st.lists(st.sampled_from([EntryId("a"), EntryId("b")]), max_size=2).map(tuple)
    version = st.builds(
        SourceVersion,
        practice=st.sampled_from([about.practice, OdsCode("B81001")]),
        system=st.sampled_from(["emis", "tpp"]),
        version=st.integers(1, 3),
    )
    return st.one_of(
        st.builds(
            EntryHidden,
            entry_id=st.just(about.entry_id),
            related=related,
            source_version=st.none() | version,
        ),
        st.builds(EntryShown, entry_id=st.just(about.entry_id)),
        st.builds(
            Reviewed,
            entry_id=st.just(about.entry_id),
            action=st.sampled_from(ReviewAction),
            reasons=st.sampled_from([(), ("THIRD_PARTY",), ("COURT", "THIRD_PARTY")]),
            entry_version=st.integers(1, 2),
            body_sha256=st.sampled_from([about.body_sha256, b"other"]),
            ruleset=st.sampled_from([RULESET.hash, RULESET.hash, "other"]),
        ),
    )


def stated(changes: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[Any, datetime]]]:
    """A few changes, each with an instant that others may share."""
    return st.lists(st.tuples(changes, INSTANTS), max_size=8)


def stated_twice(
    changes: st.SearchStrategy[Any],
) -> st.SearchStrategy[tuple[list[tuple[Any, datetime]], list[tuple[Any, datetime]]]]:
    """The same changes in two orders, in the second one some of them repeated."""

    def reordered(first: list[tuple[Any, datetime]]) -> Any:
        again = st.lists(st.sampled_from(first), max_size=3) if first else st.just([])
        shuffled = again.flatmap(lambda more: st.permutations([*first, *more]))
        return st.tuples(st.just(first), shuffled)

    return stated(changes).flatmap(reordered)


def controls() -> st.SearchStrategy[Control]:
    """Any control."""
    return messages(Control)
