"""How a participant tells what it does: one JSON object a line on its standard output."""

import json
import sys
from pathlib import Path
from typing import Any


def tell(event: str, **facts: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


class Reader:
    """Follows one participant's log; what is no JSON object (a warning, a traceback) stays in the file."""

    def __init__(self, who: str, log: Path) -> None:
        self.who = who
        self._log = log
        self._offset = 0

    def new_lines(self) -> list[dict[str, Any]]:
        """What was told since the last call, each with `who`. A line still being written waits."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        return [{"who": self.who, **told} for told in map(parsed, whole.splitlines()) if told is not None]


def parsed(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) and "event" in told else None
