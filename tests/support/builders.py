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
from recordgate_streams.decider.fold import fold_facts
from recordgate_streams.decider.objections import audience_objections, conclude, entry_objections
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, Source
from recordgate_streams.decider.statements import fold_statements
from recordgate_streams.policy.audience import audience_context
from recordgate_streams.policy.decision import Decision, EntryContext, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.settings import PolicySettings
from recordgate_streams.policy.statements import EntryStatements

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

Stated = Change | tuple[Change, datetime]
"""A change, stated an hour before NOW unless an instant comes with it."""


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
        practice=PRACTICE,
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
    """A control about P0, stated an hour before NOW."""
    base = Control("c-1", NHS_NUMBER, NOW - timedelta(hours=1), "test", change)
    return replace(base, **overrides)


def event(change: Change, at: datetime, position: int = 0) -> ControlEvent:
    """A control about P0 that the broker received when it became effective."""
    return ControlEvent(at, position, control(change, effective_at=at))


def facts(
    *stated: Stated,
    registration: Registered | None = registered(),  # noqa: B008  frozen
    level: AccessLevelSet | None = access(),  # noqa: B008  frozen
) -> Facts:
    """P0's facts and what was stated since; None leaves a part of P0 out."""
    since_ever = datetime(2020, 3, 1, 8, tzinfo=UTC)
    base = [(change, since_ever) for change in (registration, level) if change is not None]
    known = Facts()
    for change, at in [*base, *map(_timed, stated)]:
        known = fold_facts(known, event(change, at))
    return known


_facts = facts


def statements(
    *stated: EntryHidden | EntryShown | Reviewed | tuple[Any, datetime],
) -> EntryStatements:
    """What these changes state about E0."""
    known = EntryStatements()
    for change, at in map(_timed, stated):
        known = fold_statements(known, event(change, at, POSITION), RULESET.hash)
    return known


def case(
    *,
    facts: Facts | None = None,
    audience: Audience = SELF,
    settings: PolicySettings = RULESET.settings,
    now: datetime = NOW,
    **overrides: Any,
) -> EntryContext:
    """E0 of P0 for the patient, now; fields of AudienceContext and EntryContext as overrides."""
    known = audience_context(_facts() if facts is None else facts, audience, settings, now)
    base = EntryContext(entry(), known, EntryStatements(), Integrity())
    return replace(base, **overrides)


def proxy_case(*stated: Stated, audience: Audience = PARTNER, **overrides: Any) -> EntryContext:
    """E0 of P0 for a proxy with a full grant; more may have been stated since."""
    start = datetime(2024, 1, 1, 9, tzinfo=UTC)
    known = facts((granted(), start), *stated)
    return case(**{"facts": known, "audience": audience, **overrides})


def decide(context: EntryContext, ruleset: str = RULESET.hash) -> Decision:
    """The decision about an entry without relatives: the steps that decide_patient takes for each entry."""
    objections = audience_objections(context.audience) + entry_objections(context)
    return conclude(context, objections, ruleset)


def accepted(version: ClinicalEntry | None = None, **flaws: bool) -> AcceptedEntry:
    """E0, or another version, as it was accepted."""
    return AcceptedEntry(version or entry(), Integrity(**flaws), Source(0, 0, NOW))


def _timed(stated: Any) -> tuple[Any, datetime]:
    return stated if isinstance(stated, tuple) else (stated, NOW - timedelta(hours=1))
