"""Section 3: every rule is asked, in the order of the page, and all reasons are kept."""

from itertools import chain

from recordgate_audit.model.question import Asked, Question
from recordgate_audit.model.reasons_entry import codes, flags, hidden, kinds, labels, readiness
from recordgate_audit.model.reasons_patient import (
    access,
    enhanced_review,
    integrity,
    registration,
    state,
)
from recordgate_audit.model.reasons_proxy import proxies
from recordgate_audit.model.reasons_window import level, window


def reasons(q: Question) -> list[Asked]:
    """Return all that section 3 says, in its order."""
    return list(
        chain(
            integrity(q),
            state(q),
            registration(q),
            access(q),
            enhanced_review(q),
            proxies(q),
            window(q),
            level(q),
            hidden(q),
            kinds(q),
            readiness(q),
            labels(q),
            codes(q),
            flags(q),
        )
    )
