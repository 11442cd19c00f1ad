"""One rule per file, named for the rule. The order here is the order of reasons on a reviewer's screen.

Audience rules are asked once for a patient and an audience, entry rules for every entry.
"""

from collections.abc import Callable

from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import EntryContext, Objections
from recordgate_streams.policy.rules.access import access
from recordgate_streams.policy.rules.access_review import access_review
from recordgate_streams.policy.rules.age import age
from recordgate_streams.policy.rules.codes import codes
from recordgate_streams.policy.rules.flags import flags
from recordgate_streams.policy.rules.grant import grant
from recordgate_streams.policy.rules.hidden import hidden
from recordgate_streams.policy.rules.home import home
from recordgate_streams.policy.rules.integrity import integrity
from recordgate_streams.policy.rules.kinds import kinds
from recordgate_streams.policy.rules.labels import labels
from recordgate_streams.policy.rules.level import level
from recordgate_streams.policy.rules.proxy_content import proxy_content
from recordgate_streams.policy.rules.readiness import readiness
from recordgate_streams.policy.rules.registration import registration
from recordgate_streams.policy.rules.state import state
from recordgate_streams.policy.rules.window import window

AudienceRule = Callable[[AudienceContext], Objections]
EntryRule = Callable[[EntryContext], Objections]

AUDIENCE_RULES: tuple[AudienceRule, ...] = (state, registration, access, age, grant)
ENTRY_RULES: tuple[EntryRule, ...] = (
    integrity,
    home,
    access_review,
    proxy_content,
    window,
    level,
    hidden,
    kinds,
    readiness,
    labels,
    codes,
    flags,
)
