"""The one kind of trouble that is neither a fact about data nor our bug."""


class Refusal(Exception):
    """What cannot be done. The text is Chinese and complete: what was asked, why not, what to do instead. Shown without traceback, exit status 1."""
