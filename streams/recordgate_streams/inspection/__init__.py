"""Reads the ledger for people and dashboards: explain, account, gauges."""
