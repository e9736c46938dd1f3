"""The one kind of trouble that is neither a fact about data nor our bug."""


class Refusal(Exception):
    """Something asked for that cannot be done; its text is Chinese, complete, and is shown without a traceback.

    It says what was asked, why it is refused and what to do instead. The command line exits with status 1.
    """
