"""Panics of Rust extensions: raised in Python as `pyo3_runtime.PanicException`, a BaseException that cannot be imported."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.workbook.grid import Unreadable


@contextmanager
def panics(*errors: type[Exception]) -> Iterator[None]:
    """Turn `errors` and panics of a Rust reader into `Unreadable("damaged")`, the reader's message as cause."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, errors) and type(error).__name__ != "PanicException":
            raise
        raise Unreadable("damaged", "内容不合规范") from error
