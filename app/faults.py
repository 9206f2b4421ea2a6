"""Named crash points, so that a test can kill a process exactly where it hurts.

`FAULT_AT=name` makes the process kill itself (SIGKILL) the first time it reaches `name`; `FAULT_AT=name:hang`
makes it stop there for at most `HANG_SECONDS`, so that something else can be killed meanwhile. Either way a marker
file `FAULT_DIR/name` proves that the point was reached, and a marker already there means that it fires no more.
`FAULT_AFTER=n` lets it be passed n times before.
Without FAULT_AT a point costs one comparison. Production refuses to start with it (app.config).
"""

import itertools
import os
import signal
import time
from pathlib import Path

HANG_SECONDS = 60.0

_target, _, _mode = os.environ.get("FAULT_AT", "").partition(":")
_passed, _after = itertools.count(), int(os.environ.get("FAULT_AFTER", "0"))


def reach(name: str) -> None:
    """Marks the crash point `name` as reached; dies or hangs there if it is the chosen one."""
    if name == _target and next(_passed) >= _after:
        _fire(Path(os.environ["FAULT_DIR"]) / name)


def _fire(marker: Path) -> None:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    if _mode != "hang":
        os.kill(os.getpid(), signal.SIGKILL)
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline and not marker.with_suffix(".resume").exists():
        time.sleep(0.02)
