"""What reading one file may cost."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one file: `memory` in MB of address space, `cpu` and `wall` in seconds."""

    memory: int = 2048
    cpu: int = 60
    wall: int = 90
