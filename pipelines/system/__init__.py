"""Durable files, locks, and the version of the program."""
