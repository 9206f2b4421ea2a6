"""The folder of one canary: plan.json and buyer.key, which an operator lays there, then terms.json and report.json."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canary.errors import CanaryRefused
from canary.plan import Plan, canonical, read_plan
from sdk import Terms


@dataclass(frozen=True)
class Hired:
    """Whom the canary is for, and the terms that it was posted with: whoever plays it again posts the same task."""

    agent_id: int
    terms: Terms


@dataclass(frozen=True)
class Nest:
    folder: Path

    @property
    def key_file(self) -> Path:
        return self.folder / "buyer.key"

    @property
    def report_file(self) -> Path:
        return self.folder / "report.json"

    def plan(self) -> Plan:
        return read_plan(self.folder / "plan.json")

    def hired(self) -> Hired | None:
        """None before the first play."""
        file = self.folder / "terms.json"
        if not file.exists():
            return None
        held = json.loads(file.read_bytes())
        return Hired(held["agent_id"], Terms.from_wire(held["terms"]))

    def keep(self, hired: Hired) -> None:
        """Before anything is posted."""
        stored(self.folder / "terms.json", {"agent_id": hired.agent_id, "terms": hired.terms.to_wire()})

    def read_report(self) -> dict[str, Any]:
        """Raises CanaryRefused where the work was not seen yet."""
        try:
            return dict(json.loads(self.report_file.read_bytes()))
        except FileNotFoundError:
            raise CanaryRefused(f"{self.folder} has no report: play the canary first.") from None

    def report(self, found: dict[str, Any]) -> None:
        """What an auditor wrote down: its SHA-256 is what is recorded."""
        stored(self.report_file, found)


def stored(file: Path, value: Any) -> None:
    """The whole file or none of it."""
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as opened:
        opened.write(canonical(value))
        opened.flush()
        os.fsync(opened.fileno())
    fresh.rename(file)
