"""Slither and halmos, each in an environment of its own: what they need contradicts what the project needs."""

import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

from devnet.binaries import ROOT, foundry_binary
from devnet.bootstrap.caches import cache_folder, locked
from devnet.bootstrap.python import install_uv, runs, uv_environment
from devnet.bootstrap.steps import run_step
from devnet.processes import FOREIGN

LOGS = ROOT / ".cache" / "logs"


def tool(name: str) -> Path:
    """The executable `name`, installed at its first use from requirements-NAME.lock. Raises StepFailed."""
    lock = ROOT / f"requirements-{name}.lock"
    folder = ROOT / ".cache" / "tools" / f"{name}-{_digest(lock)}"
    with locked(folder.with_suffix(".lock"), name):
        if not ((folder / "complete").exists() and runs(folder / "bin" / "python")):
            shutil.rmtree(folder, ignore_errors=True)
            _install(name, lock, folder)
    return folder / "bin" / name


def tool_environment(*programs: Path) -> dict[str, str]:
    """The folders of `programs` and of the native forge come first on PATH."""
    folders = [str(program.parent) for program in (*programs, foundry_binary("forge"))]
    return {**os.environ, "PATH": os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])}


def _install(name: str, lock: Path, folder: Path) -> None:
    env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    cache = cache_folder(ROOT, env)
    uv_folder = install_uv(ROOT, cache, env)
    uv, uv_env = uv_folder / "bin" / "uv", uv_environment(uv_folder, cache, env)
    run_step(f"Creating {name}'s environment", [uv, "venv", "--python", sys.executable, folder], uv_env, ROOT, LOGS)
    sync: list[str | Path] = [uv, "pip", "sync", "--require-hashes", "--python", folder / "bin" / "python"]
    run_step(f"Installing {name}", [*sync, lock], uv_env, ROOT, LOGS)
    (folder / "complete").touch()


def _digest(lock: Path) -> str:
    """Of the lock and of the Python beneath."""
    return sha256(lock.read_bytes() + sys.version.encode() + sys.prefix.encode()).hexdigest()[:16]
