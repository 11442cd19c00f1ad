"""Writes docs/reference/review-workflow.md with `make docs`: the workflow of reviews from its table."""
# ruff: noqa: INP001  a script beside the page it writes

from collections.abc import Callable, Iterable, Iterator

from recordgate_consumers.review import workflow
from recordgate_consumers.review.deadlines import STEPS
from recordgate_consumers.review.harm import MEANING, harm
from recordgate_consumers.review.rules import MOST_AT_ONCE, MOST_WAIT, TWO_PERSONS
from recordgate_consumers.review.workflow import Fact
from recordgate_schemas.reasons import Reason

TITLE = "Workflow of reviews"
HEAD = ("what", "in state", "action", "when", "then")
OPENING = (
    "A hold or a task is a work item. Whatever is not in this table is refused. An action needs the item's lease, but"
    " for `undo`; "
    + ", ".join(f"`{fact}`" for fact in Fact)
    + " come by themselves: the end of a wait, and what the decider"
    " publishes. An item is *leased* while its lease lasts and *overdue* once its due date is past; both are computed."
)


def page(
    layout: Callable[..., str],
    table: Callable[[tuple[str, ...], Iterable[tuple[str, ...]]], list[str]],
) -> str:
    """Return the page: the diagram, the moves, the numbers, the classes of harm."""
    return layout(
        TITLE,
        OPENING,
        *("```mermaid", workflow.diagram(), "```", "", "## Moves", ""),
        *table(HEAD, _moves()),
        *_numbers(),
        *table(("harm", "meaning", "reasons"), _harms()),
    )


def _moves() -> Iterator[tuple[str, ...]]:
    """Yield the table."""
    for one in workflow.MOVES:
        about = ", ".join(one.about)
        yield (f"`{about}`", f"`{one.come_from}`", f"`{one.action}`", one.when, f"`{one.to}`")


def _numbers() -> Iterator[str]:
    """Yield what the rules count."""
    steps = ", ".join(str(step) for step in STEPS)
    yield from ("", "## Numbers", "")
    yield f"- An item escalates at {steps} % of its time; only working days in England count."
    yield f"- It waits until {MOST_WAIT.days} days after it was opened at most; its due date stays."
    yield f"- {MOST_AT_ONCE} items are decided at once at most."
    yield f"- A release needs two persons for {', '.join(f'`{r}`' for r in sorted(TWO_PERSONS))}."
    yield from (
        "",
        "## Harm",
        "",
        "Of what is due on one day the gravest comes first, of these the oldest.",
        "",
    )


def _harms() -> Iterator[tuple[str, ...]]:
    """Yield each class of harm with its reasons."""
    for one, meaning in MEANING.items():
        yield (one.name.lower(), meaning, ", ".join(f"`{r}`" for r in Reason if harm((r,)) is one))
