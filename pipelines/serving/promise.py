"""The state of one promise of an installation."""

from dataclasses import asdict, dataclass
from datetime import date


@dataclass(frozen=True)
class Promise:
    """`well`: kept at this moment; `says`: in Chinese what was seen; `due`: the day until which it stays kept by itself, if there is one."""

    what: str
    well: bool
    says: str
    due: date | None = None

    def public(self) -> dict[str, object]:
        """As `shequ health --json` prints it: the day as `YYYY-MM-DD`."""
        return {**asdict(self), "due": self.due.isoformat() if self.due else None}
