"""The one door: check, submit, collect from the inbox, decide, and tell who has reported."""
