"""All reference data of one folder, loaded together: the form, the registers, the rosters, and their digests."""

import copy
import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from pipelines import settings
from pipelines.reference import city_declarations, form, roster, rules, strict_yaml, working_days
from pipelines.reference.form import Form
from pipelines.reference.policy import register
from pipelines.reference.policy.register import Register
from pipelines.reference.roster import Admission, Rosters
from pipelines.reference.rules import CompiledRule
from pipelines.reference.working_days import Calendar
from pipelines.system.zip_bytes import zipped


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference data that figures depend on."""

    folder: Path
    form: Form
    rosters: Rosters

    @cached_property
    def registers(self) -> tuple[Register, ...]:
        return tuple(register.load(self.folder, self.form, policy) for policy in register.policies(self.folder))

    @cached_property
    def rules(self) -> list[CompiledRule]:
        return rules.compile_rules(self.form, self.form.community)

    @cached_property
    def county_rules(self) -> list[CompiledRule]:
        return rules.compile_rules(self.form, self.form.county)

    def with_admissions(self, admissions: Iterable[Admission]) -> "Reference":
        """The same with the units that the city has admitted between two editions of the roster."""
        return _with_admissions(self, frozenset(admissions))

    def rules_in(self, month: date) -> list[CompiledRule]:
        """The rules of 表1 in force in a month."""
        return [rule for rule in self.rules if rule.rule.is_in_force(month)]

    def county_rules_in(self, month: date) -> list[CompiledRule]:
        """The rules of 表2 in force in a month."""
        return [rule for rule in self.county_rules if rule.rule.is_in_force(month)]

    @cached_property
    def first_month(self) -> date:
        """The earliest month that any policy asks for."""
        return min(register.since(self.folder, policy) for policy in register.policies(self.folder))

    @property
    def main(self) -> Register:
        """The register of the first policy."""
        return self.registers[0]

    def register(self, policy_id: str | None) -> Register:
        """One register by its policy's id; the main one when none is named."""
        if policy_id is None:
            return self.main
        return next((r for r in self.registers if r.policy.id == policy_id), None) or register.load(
            self.folder, self.form, policy_id
        )

    @cached_property
    def calendar(self) -> Calendar:
        """Working days and due days; the program's own where the folder has none. Not in the digests: figures do not depend on it."""
        own = (self.folder / working_days.FILE).exists()
        return working_days.load(self.folder if own else settings.REPOSITORY / "data" / "reference")

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 by part: the form with its findings and questions, each register with its text, and the rosters."""
        digests = {"form": form.digest(self.folder)}
        for policy in register.policies(self.folder):
            place = self.folder / "policies" / policy
            digests[f"register:{policy}"] = strict_yaml.digest([place / "register.yaml", place / "text.txt"])
        digests["rosters"] = self.rosters.digest()
        if places := city_declarations.files(self.folder):
            digests["city"] = strict_yaml.digest(places)
        return digests


@lru_cache(maxsize=4)
def _with_admissions(reference: Reference, admissions: frozenset[Admission]) -> Reference:
    if not admissions:
        return reference
    admitted = copy.copy(reference)  # with all that is loaded and does not depend on the units
    admitted.__dict__.pop("digests", None)
    admitted.__dict__["rosters"] = reference.rosters.with_admissions(admissions)
    return admitted


def load(folder: Path) -> Reference:
    """All reference data, checked; cached by content. Errors: `Refusal` naming file, entry and repair."""
    reference = for_reading(folder)
    _ = reference.registers, reference.rules, reference.county_rules
    return reference


def for_reading(folder: Path) -> Reference:
    """The same, its registers and rules checked by whoever asks for them: to read workbooks takes neither."""
    return _load(folder, _content(folder))


def _content(folder: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(f"{path.relative_to(folder)}\n{path.stat().st_size}\n".encode())
        content.update(path.read_bytes())
    return content.hexdigest()


@lru_cache(maxsize=2)
def _load(folder: Path, _content: str) -> Reference:
    return Reference(folder, form.load(folder), roster.load(folder))


def bundle(folder: Path) -> bytes:
    """All reference data of a folder as one zip, the same bytes for the same files; kept with each release."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return zipped(((p.relative_to(folder).as_posix(), p.read_bytes()) for p in files), mode=0)


def unbundle(data: bytes, folder: Path) -> None:
    """Write a bundle's files into an empty folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
