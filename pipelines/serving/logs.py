"""Rotating logs: one of `shequ serve` itself, in Chinese, and one with each program's output."""

import logging
import re
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

LARGEST, KEPT = 5 * 2**20, 10
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def opened(folder: Path, name: str, show: bool = False) -> logging.Logger:
    """The logger of one file in the folder: at most `KEPT` + 1 files of `LARGEST` bytes; `show` prints too."""
    folder.mkdir(parents=True, exist_ok=True)
    logger = logging.Logger(f"shequ.{name}", logging.INFO)
    handlers: list[logging.Handler] = [RotatingFileHandler(folder / f"{name}.log", "a", LARGEST, KEPT, "utf-8")]
    if show:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    return logger


def capture(stream: IO[bytes], logger: logging.Logger) -> threading.Thread:
    """Write a program's output into its log, line by line, until it ends."""

    def copy() -> None:
        with stream:
            for line in stream:
                logger.info(_COLOUR.sub("", line.decode("utf-8", "replace").rstrip()))

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread
