"""Builders with keyword overrides. The baseline is P0 and E0 of the golden decision table.

P0: aged 40, registered at A82038 since 2020-03-01, live since 2023-10-31, full access, nothing historic, no codes.
E0: a finished consultation recorded on 2025-06-02, without labels.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from recordgate_schemas.control import (
    AccessLevelSet,
    Change,
    Control,
    EntryHidden,
    EntryShown,
    HideCause,
    Historic,
    Level,
    ProxyGranted,
    Registered,
    RegistrationKind,
    ReviewAction,
    Reviewed,
    ReviewGround,
    Verification,
)
from recordgate_schemas.entry import ClinicalEntry, Coding, Kind, Origin, Readiness, ThirdParty
from recordgate_schemas.entry import Visibility as Online
from recordgate_schemas.values import SELF, Audience, EntryId, GrantId, NhsNumber, OdsCode, proxy
from recordgate_streams import ruleset
from recordgate_streams.decider.fold import fold
from recordgate_streams.ledger.rows import StoredEntry
from recordgate_streams.policy.audience import stand
from recordgate_streams.policy.decision import Case, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.settings import PolicySettings
from recordgate_streams.policy.statements import Marks, mark

NHS_NUMBER = NhsNumber.parse("9990000018")
OTHER_NUMBER = NhsNumber.parse("9990000026")
PRACTICE = OdsCode("A82038")
OTHER_PRACTICE = OdsCode("B81001")
GRANT = GrantId("grant-1")
PARTNER = proxy(GRANT)
RECORDED = datetime(2025, 6, 2, 10, 30, tzinfo=UTC)
NOW = datetime(2025, 6, 3, 9, tzinfo=UTC)
BORN = date(1985, 1, 15)
POSITION = 5
"""Where controls about entries stand that come after what a reviewer saw (position 1)."""
BODY = b'{"resourceType":"Encounter","id":"e0","note":[{"text":"Seen today"}]}'
RULESET = ruleset.current()

Said = Change | tuple[Change, datetime]
"""A change, said an hour before NOW unless an instant comes with it."""


def entry(**overrides: Any) -> ClinicalEntry:
    """E0, or E0 with these fields changed; the body's hash follows the body."""
    body = overrides.get("body", BODY)
    base = ClinicalEntry(
        entry_id=EntryId("A82038/emis/e0"),
        version=1,
        nhs_number=NHS_NUMBER,
        practice=PRACTICE,
        system="emis",
        kind=Kind.CONSULTATION,
        readiness=Readiness.FINAL,
        event_date=date(2025, 6, 2),
        recorded_at=RECORDED,
        available_at=RECORDED,
        extracted_at=RECORDED + timedelta(hours=1),
        origin=Origin.LOCAL,
        hide_tags_trusted=True,
        labels=(),
        codes=(),
        markers=(),
        online_visibility=Online.UNSET,
        staff_private=False,
        third_party=ThirdParty.NONE,
        not_for_grants=(),
        links=(),
        elements=(),
        body=BODY,
        body_type="application/fhir+json",
        body_sha256=hashlib.sha256(body).digest(),
    )
    return replace(base, **overrides)


def label(code: str, system: str = "http://hl7.org/fhir/v3/ActCode") -> tuple[Coding, ...]:
    """One security label, as the field `labels` takes it."""
    return (Coding(system, code),)


def registered(**overrides: Any) -> Registered:
    """P0's registration."""
    base = Registered(
        PRACTICE, date(2020, 3, 1), BORN, RegistrationKind.REGULAR, Verification.VERIFIED
    )
    return replace(base, **overrides)


def access(level: Level = Level.FULL, **overrides: Any) -> AccessLevelSet:
    """P0's access: full, nothing historic."""
    base = AccessLevelSet(
        PRACTICE, level, effective_from=date(2023, 10, 31), historic=None, practice_grant_from=None
    )
    return replace(base, **overrides)


def historic(level: Level = Level.FULL, **overrides: Any) -> Historic:
    """Historic access over the whole record, which was checked first."""
    return replace(Historic(level, since=None, checked=True), **overrides)


def granted(grant_id: GrantId = GRANT, **overrides: Any) -> ProxyGranted:
    """A proxy grant: full, since 2024, without an end."""
    base = ProxyGranted(grant_id, PRACTICE, Level.FULL, date(2024, 1, 1), None, None, None)
    return replace(base, **overrides)


def hidden(cause: HideCause = HideCause.DO_NOT_DISPLAY, **overrides: Any) -> EntryHidden:
    """A hide of E0."""
    return replace(EntryHidden(entry().entry_id, (), cause), **overrides)


def shown(cause: HideCause = HideCause.DO_NOT_DISPLAY, **overrides: Any) -> EntryShown:
    """The lifting of a hide of E0."""
    return replace(EntryShown(entry().entry_id, cause), **overrides)


def reviewed(
    *reasons: str, action: ReviewAction = ReviewAction.RELEASE, **overrides: Any
) -> Reviewed:
    """A reviewer's outcome about E0, given after seeing these reasons."""
    about = entry()
    base = Reviewed(
        entry_id=about.entry_id,
        audience=SELF,
        action=action,
        ground=ReviewGround.CHECKED,
        reasons=reasons,
        entry_version=about.version,
        body_sha256=about.body_sha256,
        control_position=1,
        ruleset=RULESET.hash,
        reviewer_role="gp",
        clinician_opinion_on=None,
    )
    return replace(base, **overrides)


def control(change: Change, **overrides: Any) -> Control:
    """A control about P0, said an hour before NOW."""
    base = Control("c-1", NHS_NUMBER, NOW - timedelta(hours=1), "test", change)
    return replace(base, **overrides)


def facts(
    *said: Said,
    registration: Registered | None = registered(),  # noqa: B008  frozen
    level: AccessLevelSet | None = access(),  # noqa: B008  frozen
) -> Facts:
    """P0's facts and what was said since; None leaves a part of P0 unsaid."""
    since_ever = datetime(2020, 3, 1, 8, tzinfo=UTC)
    base = [(change, since_ever) for change in (registration, level) if change is not None]
    known = Facts()
    for change, at in [*base, *map(_timed, said)]:
        known = fold(known, control(change, effective_at=at), at)
    return known


_facts = facts


def marks(*said: EntryHidden | EntryShown | Reviewed | tuple[Any, datetime]) -> Marks:
    """What these changes say of E0."""
    known = Marks()
    for change, at in map(_timed, said):
        known = mark(known, change, at, POSITION)
    return known


def case(
    *,
    facts: Facts | None = None,
    audience: Audience = SELF,
    settings: PolicySettings = RULESET.settings,
    now: datetime = NOW,
    **overrides: Any,
) -> Case:
    """E0 of P0 for the patient, now; fields of Standing and Case as overrides."""
    standing = stand(_facts() if facts is None else facts, audience, settings, now)
    base = Case(entry=entry(), standing=standing, marks=Marks(), integrity=Integrity())
    return replace(base, **overrides)


def proxy_case(*said: Said, audience: Audience = PARTNER, **overrides: Any) -> Case:
    """E0 of P0 for a proxy with a full grant; more may have been said since."""
    start = datetime(2024, 1, 1, 9, tzinfo=UTC)
    known = facts((granted(), start), *said)
    return case(**{"facts": known, "audience": audience, **overrides})


def stored(**overrides: Any) -> StoredEntry:
    """E0 as the ledger keeps it."""
    base = StoredEntry(
        entry=entry(),
        conflict=False,
        body_mismatch=False,
        partition=0,
        offset=0,
        published_at=NOW,
    )
    return replace(base, **overrides)


def _timed(said: Any) -> tuple[Any, datetime]:
    return said if isinstance(said, tuple) else (said, NOW - timedelta(hours=1))
