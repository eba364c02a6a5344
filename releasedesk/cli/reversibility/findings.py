"""What was found in a migration."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How bad it is for whoever has to go back."""

    IRREVERSIBLE = "irreversible"  # going back stops here
    LOSES_DATA = "loses_data"  # going back works, and what was there stays gone
    UNKNOWN = "unknown"  # a person must look


@dataclass(frozen=True)
class Finding:
    """One operation, and why it cannot simply be taken back."""

    line: int
    operation: str
    kind: Kind
    detail: str


@dataclass(frozen=True)
class Migration:
    """One file. `framework` is `django` or `alembic`."""

    path: str
    framework: str
    findings: Sequence[Finding]

    @property
    def is_one_way(self) -> bool:
        """Whether there is no way back over it that restores what was."""
        return any(finding.kind != Kind.UNKNOWN for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {
            "path": self.path,
            "framework": self.framework,
            "one_way": self.is_one_way,
            "findings": [
                {"line": one.line, "operation": one.operation, "kind": one.kind, "detail": one.detail}
                for one in self.findings
            ],
        }
