"""Every PostgreSQL role that logs in, its databases, and who connects as it. The only list of roles there is.

What a role may do in a database is granted by that database's migrations: docs/reference/access.md shows it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One login. A session that has it has nothing else, and cannot become another."""

    name: str
    databases: tuple[str, ...]
    used_by: str


ROLES = (
    Role("decider", ("ledger",), "both lanes of the decider, `clock`"),
    Role(
        "ledger_reader",
        ("ledger",),
        "`explain`, `account --recount`, `rules status`, `rules verify`",
    ),
    Role("rule_keeper", ("ledger",), "`rules` that rehearse, approve and activate"),
    Role("quarantine_keeper", ("ledger",), "`quarantine`"),
    Role("service_keeper", ("ledger",), "`services` that add and retire keys"),
    Role("view_sink", ("view",), "the view sink"),
    Role("gate_writer", ("view",), "the gate lane"),
    Role("view_reader", ("view",), "`view`, on behalf of one patient and audience"),
    Role("review_sink", ("review",), "the review sink and its relay"),
    Role("review_app", ("review",), "`holds`, `tasks`, `review`"),
    Role("metrics", ("ledger", "view", "review"), "`/metrics` of the decider, `account`"),
)


def roles_of(database: str) -> tuple[Role, ...]:
    """Return the roles that may connect to a database."""
    return tuple(role for role in ROLES if database in role.databases)
