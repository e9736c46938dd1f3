"""Text for spreadsheet programs: nothing in it opens as a formula."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def formula_free(value: object) -> object:
    """A value that a spreadsheet program opens as text where it would read a formula. Numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value
