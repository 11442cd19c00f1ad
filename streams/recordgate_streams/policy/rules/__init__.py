"""One rule per file, named for the rule. The order here is the order of reasons on a reviewer's screen."""

from recordgate_streams.policy.rules.access_review import access_review
from recordgate_streams.policy.rules.age import age
from recordgate_streams.policy.rules.declined import declined
from recordgate_streams.policy.rules.flags import flags
from recordgate_streams.policy.rules.hidden import hidden
from recordgate_streams.policy.rules.integrity import integrity
from recordgate_streams.policy.rules.labels import labels
from recordgate_streams.policy.rules.level import level
from recordgate_streams.policy.rules.never_shown import never_shown
from recordgate_streams.policy.rules.proxy import proxy
from recordgate_streams.policy.rules.readiness import readiness
from recordgate_streams.policy.rules.registration import registration
from recordgate_streams.policy.rules.state_unknown import state_unknown
from recordgate_streams.policy.rules.suspension import suspension
from recordgate_streams.policy.rules.window import window

RULES = (
    integrity,
    state_unknown,
    registration,
    suspension,
    declined,
    age,
    proxy,
    window,
    level,
    hidden,
    never_shown,
    readiness,
    access_review,
    labels,
    flags,
)
