"""Check and submit files, collect the inbox, record decisions, and report who has reported."""
