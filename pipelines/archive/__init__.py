"""Bytes and decisions, kept permanently: the store, its ledger, what is in force, backups."""
