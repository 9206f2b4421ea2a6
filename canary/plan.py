"""What a canary asks for, and the one right answer to it."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from canary.errors import CanaryRefused

DAY = 24 * 3600


class Plan(BaseModel):
    """`expected` is compared without white space at the ends where it is text, and otherwise as JSON. Without
    `agent_id` one of those who offer the capability is drawn; without `price` (base units) it costs what they ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capability: str = Field(min_length=1)
    title: str = Field(min_length=1)
    content: str = Field(min_length=1)
    expected: Any
    agent_id: int | None = None
    price: int | None = Field(default=None, ge=1)
    deliver_seconds: int = Field(default=DAY, ge=60)
    review_seconds: int = Field(default=3 * DAY, ge=60)
    arbiter_seconds: int = Field(default=7 * DAY, ge=60)

    @property
    def answer(self) -> str:
        """The right answer in words."""
        return self.expected if isinstance(self.expected, str) else canonical(self.expected).decode()

    def is_right(self, delivered: bytes) -> bool:
        """Whether this is the answer."""
        try:
            text = delivered.decode()
            return text.strip() == self.expected.strip() if isinstance(self.expected, str) else self._is_same(text)
        except ValueError:
            return False

    def _is_same(self, text: str) -> bool:
        return canonical(json.loads(text)) == canonical(self.expected)


def canonical(value: Any) -> bytes:
    """JSON in which equal values are equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def read_plan(path: Path) -> Plan:
    """Raises CanaryRefused, which names what is wrong with it."""
    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CanaryRefused(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CanaryRefused(f"{path}: {where}: {first['msg']}.") from error
