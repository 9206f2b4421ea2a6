"""`python -m devnet.bootstrap [--dev]`: does nothing when the environment already is what the locks say."""

import argparse
import os
import platform
import signal
import sys
from hashlib import sha256
from pathlib import Path

from devnet.bootstrap.caches import cache_folder, locked
from devnet.bootstrap.node import NPM_FILES, install_npm_parts, trusting
from devnet.bootstrap.python import UV_LOCK, install_python_parts
from devnet.bootstrap.steps import StepFailed
from devnet.processes import FOREIGN

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = (UV_LOCK, "requirements.lock", "requirements-dev.lock", *NPM_FILES)
LEVELS = ("runtime", "dev")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bootstrap")
    parser.add_argument("--dev", action="store_true", help="also what the tests need")
    parser.add_argument("--check", action="store_true", help="only tell by the exit code whether all is there")
    options = parser.parse_args()
    level = "dev" if options.dev else "runtime"
    if options.check:
        return 0 if is_current(level) else 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not is_current(level):
            with locked(ROOT / ".cache" / "bootstrap.lock", "this checkout"):
                if not is_current(level):
                    install(level)
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def install(level: str) -> None:
    dev = level == "dev" or (stamp_file().exists() and stamp_file().read_text().endswith(" dev"))
    stamp_file().unlink(missing_ok=True)
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    cache = cache_folder(ROOT, env)
    if not env.get("HOME"):
        env["HOME"] = str(cache)
    certificate = install_python_parts(ROOT, cache, env, dev=dev)
    install_npm_parts(ROOT, cache, trusting(env, certificate), dev=dev)
    stamp_file().write_text(f"{digest()} {'dev' if dev else 'runtime'}")


def is_current(level: str) -> bool:
    """The development parts hold the runtime's, so that they serve both."""
    if not stamp_file().exists() or not (ROOT / "node_modules").exists():
        return False
    found, _, installed = stamp_file().read_text().partition(" ")
    return found == digest() and LEVELS.index(installed) >= LEVELS.index(level)


def digest() -> str:
    """Of all locks and of where they are installed: an environment does not survive a move of its checkout."""
    content = b"\0".join((ROOT / name).read_bytes() for name in LOCKS)
    return sha256(content + str(ROOT).encode() + platform.machine().encode()).hexdigest()


def stamp_file() -> Path:
    return ROOT / ".venv" / "guildhall-stamp"


if __name__ == "__main__":
    sys.exit(main())
