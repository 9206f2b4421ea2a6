"""`python -m devnet.bootstrap.lock`: writes every lock file anew from pyproject.toml and package.json, at the newest
versions; with `--keep`, the locks of the Python parts at the versions that they hold where those still fit.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from devnet.bootstrap.__main__ import ROOT
from devnet.bootstrap.caches import cache_folder
from devnet.bootstrap.node import NPM_FILES, npm
from devnet.bootstrap.python import UV_LOCK, install_uv, uv_environment
from devnet.bootstrap.steps import StepFailed, run_step
from devnet.processes import FOREIGN

KEEP = "--keep"
LOGS = ROOT / ".cache" / "logs"
# Each in a lock of its own: pip installs uv, and what the tools of the deep checks need contradicts what runs.
ALONE = {
    UV_LOCK: "uv>=0.13,<0.14",
    "requirements-slither.lock": "slither-analyzer>=0.11,<0.12",
    "requirements-halmos.lock": "halmos>=0.3,<0.4",
}


def main(arguments: list[str]) -> int:
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    cache = cache_folder(ROOT, env)
    try:
        lock_python_parts(cache, env, keep=KEEP in arguments)
        if KEEP not in arguments:
            lock_npm_parts(cache, env)
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def lock_python_parts(cache: Path, env: dict[str, str], *, keep: bool) -> None:
    uv_folder = install_uv(ROOT, cache, env)
    uv, uv_env = uv_folder / "bin" / "uv", uv_environment(uv_folder, cache, env)
    compile_lock: list[str | Path] = [
        uv,
        "pip",
        "compile",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
        *([] if keep else ["--upgrade"]),
    ]
    compile_lock += ["--no-emit-find-links", "--custom-compile-command", "scripts/lock", "--python-version", "3.11"]
    # The tests' lock first and whole: what it needs (hexbytes, click) bounds what runs.
    for output, inputs in {
        "requirements-dev.lock": ["pyproject.toml", "--group", "pyproject.toml:dev"],
        "requirements.lock": ["pyproject.toml", "--constraints", "requirements-dev.lock"],
    }.items():
        run_step(f"Locking {output}", [*compile_lock, *inputs, "-o", output], uv_env, ROOT, LOGS)
    wanted = ROOT / ".cache" / "alone.in"
    for output, requirement in ALONE.items():
        wanted.write_text(requirement + "\n")
        run_step(f"Locking {output}", [*compile_lock, "--no-annotate", wanted, "-o", output], uv_env, ROOT, LOGS)


def lock_npm_parts(cache: Path, env: dict[str, str]) -> None:
    """In an empty folder: beside a node_modules npm would lock only this machine's platform."""
    stage = ROOT / ".cache" / "npm-lock"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for name in NPM_FILES:
        if name != "package-lock.json":
            shutil.copy(ROOT / name, stage / name)
    argv = [*npm(ROOT, env), "install", "--package-lock-only", "--ignore-scripts"]
    run_step("Locking the npm parts", argv, {**env, "npm_config_cache": str(cache / "npm")}, stage, LOGS)
    text = (stage / "package-lock.json").read_text()
    if re.search(r'"resolved"', text):
        raise StepFailed("npm wrote download addresses into the lock; .npmrc must say omit-lockfile-registry-resolved")
    (ROOT / "package-lock.json").write_text(text)
    shutil.rmtree(stage)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
