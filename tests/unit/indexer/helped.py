"""What test_lanes asks helpers for."""

import os
import time

from indexer.errors import TornRange

_kept: list[int] = []


def kept(value: int) -> list[int]:
    """Everything that this process was ever given."""
    _kept.append(value)
    return _kept


def pid_and(value: bytes) -> tuple[int, bytes]:
    return os.getpid(), value


def torn(first: int) -> None:
    raise TornRange(first, first + 1, "on purpose")


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return time.monotonic()
