"""All that a change of rules asks of the ledger, over one connection."""

import psycopg

from recordgate_streams.ledger.activations import ActivationStore
from recordgate_streams.ledger.approvers import ApproverStore
from recordgate_streams.ledger.rehearsals import RehearsalStore
from recordgate_streams.ledger.rules import RulesStore


class RolloutStore:
    """Rehearsals, approvers, approvals and activations, and the ruleset in force."""

    def __init__(self, db: psycopg.Connection, page_patients: int = 100) -> None:
        self.rules = RulesStore(db)
        self.rehearsals = RehearsalStore(db, page_patients)
        self.approvers = ApproverStore(db)
        self.activations = ActivationStore(db)
