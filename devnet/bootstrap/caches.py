"""Folders that checkouts share, and locks so that two set-ups at once do not meet."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devnet.bootstrap.steps import show


def cache_folder(root: Path, env: Mapping[str, str]) -> Path:
    """XDG_CACHE_HOME or HOME/.cache where that can be written, else inside the checkout."""
    homes = [env.get("XDG_CACHE_HOME"), str(Path(env["HOME"]) / ".cache") if env.get("HOME") else None]
    for home in homes:
        if home and Path(home).is_absolute() and writable(Path(home) / "guildhall"):
            return Path(home) / "guildhall"
    return root / ".cache"


def writable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False  # read-only, or another user's: the next place is tried
    return True


@contextmanager
def locked(file: Path, what: str) -> Iterator[None]:
    """Waits for another set-up of the same thing; the kernel frees the lock when its holder ends, however it ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            show(f"waiting for another set-up of {what} …", last=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
