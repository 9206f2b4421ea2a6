"""The pinned compiler is the one that explorers are told of."""

import subprocess

from devnet.solc import LONG_VERSION, solc_binary


def test_the_long_version_is_the_compilers_own() -> None:
    said = subprocess.run([solc_binary(), "--version"], check=True, capture_output=True, text=True, timeout=60).stdout
    assert f"Version: {LONG_VERSION}." in said
