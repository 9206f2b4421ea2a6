"""uv by a hash-checked pip install, and the Python environment by uv."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from devnet.bootstrap.caches import locked
from devnet.bootstrap.index import index_environment
from devnet.bootstrap.steps import run_step

UV_LOCK = "requirements-uv.lock"


def install_uv(root: Path, cache: Path, env: Mapping[str, str]) -> Path:
    """The folder of an environment with pip and the locked uv, shared between checkouts."""
    digest = sha256((root / UV_LOCK).read_bytes() + sys.version.encode() + sys.prefix.encode()).hexdigest()[:16]
    folder = cache / f"uv-{digest}"
    with locked(cache / "uv.lock", "uv"):
        if (folder / "complete").exists() and runs(folder / "bin" / "python"):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        logs = root / ".cache" / "logs"
        run_step("Creating an environment for uv", [sys.executable, "-m", "venv", folder], env, root, logs)
        pip: list[str | Path] = [
            folder / "bin" / "python",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--require-hashes",
        ]
        pip += ["--no-deps", "--only-binary", ":all:", "-r", UV_LOCK]
        run_step("Installing uv", pip, env, root, logs)
        (folder / "complete").touch()
    return folder


def install_python_parts(root: Path, cache: Path, env: Mapping[str, str], *, dev: bool) -> str | None:
    """Makes .venv hold exactly what the locks say. Gives back the certificate file that pip trusts, if it names one."""
    uv_folder = install_uv(root, cache, env)
    uv = uv_folder / "bin" / "uv"
    uv_env = uv_environment(uv_folder, cache, env)
    venv, logs = root / ".venv", root / ".cache" / "logs"
    if not runs(venv / "bin" / "python"):
        shutil.rmtree(venv, ignore_errors=True)
        run_step("Creating .venv", [uv, "venv", "--python", sys.executable, venv], uv_env, root, logs)
    lock = "requirements-dev.lock" if dev else "requirements.lock"
    sync: list[str | Path] = [uv, "pip", "sync", "--require-hashes", "--python", venv / "bin" / "python", lock]
    run_step("Installing the Python parts", sync, uv_env, root, logs)
    return uv_env.get("SSL_CERT_FILE")


def uv_environment(uv_folder: Path, cache: Path, env: Mapping[str, str]) -> dict[str, str]:
    full = {**env, **index_environment(uv_folder / "bin" / "python", env)}
    return full | {"UV_CACHE_DIR": str(cache / "uv"), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def runs(python: Path) -> bool:
    """Whether this interpreter is there and supported; the Python beneath an environment may have been removed."""
    code = "import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))"
    try:
        return subprocess.run([python, "-I", "-c", code], check=False, timeout=20).returncode == 0
    except OSError:
        return False  # not there
