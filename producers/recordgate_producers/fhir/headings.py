"""Titles of lists that say what a list is and nothing of what is in it."""

HEADINGS = frozenset(
    {
        "additional",
        "allergies and adverse reactions",
        "assessment",
        "children's home visit note",
        "comment",
        "consultation",
        "ended allergies",
        "examination",
        "externally entered",
        "family history",
        "follow up",
        "gp surgery",
        "history",
        "home visit note",
        "immunisations",
        "investigations and results",
        "lab results",
        "list of consultations",
        "medication",
        "medications and medical devices",
        "outbound referral",
        "patient medication review",
        "patient recall administration",
        "plan",
        "problem",
        "problem title",
        "problems",
        "referral",
        "residential home visit note",
        "result",
        "social",
        "surgery consultation",
        "uncategorised data",
    }
)
"""The names of sections (GP Connect) and of parts of a consultation, as published extracts of three systems have them.

SAFETY: any other title is what somebody wrote: the title of a topic names a problem, which may be hidden.
"""


def is_heading(title: object) -> bool:
    """Whether a title tells nothing of what a list holds."""
    return isinstance(title, str) and title.strip().casefold() in HEADINGS
