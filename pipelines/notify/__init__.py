"""Telling people: who is late with a month, what was published, what went wrong. A message is written down first, sent afterwards."""
