"""Chance without a sequence: each number depends only on the seed and on what it is for.

So a month is the same whether it is made alone or among others, in whatever order and by however many processes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def number(*parts: object) -> int:
    """64 bits from anything that has a text."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def chance(*parts: object) -> float:
    """One number in [0, 1)."""
    return (number(*parts) >> 11) * 2.0**-53


def pick(choices: Sequence[T], *parts: object) -> T:
    """One of the choices."""
    return choices[number(*parts) % len(choices)]


def keys(seed: int, names: Iterable[str]) -> np.ndarray:
    """One 64-bit key a name, to draw many numbers from."""
    return np.array([number(seed, name) for name in names], dtype=np.uint64)


def uniform(keys: np.ndarray, *purpose: object) -> np.ndarray:
    """One number in [0, 1) a key; another purpose gives independent numbers (splitmix64)."""
    mixed = keys ^ np.uint64(number(*purpose))
    with np.errstate(over="ignore"):
        mixed = mixed + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


def within(keys: np.ndarray, low: int, high: int, *purpose: object) -> np.ndarray:
    """One whole number from low to high a key."""
    return low + (uniform(keys, *purpose) * (high - low + 1)).astype(np.int64)
