"""Bytes and decisions, kept for ever: the store, its ledger, what is in force, backups."""
