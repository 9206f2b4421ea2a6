"""The lock files: every part by hash, none by address."""

import json
import re

import pytest

from tests.conftest import ROOT

PYTHON_LOCKS = ("requirements-uv.lock", "requirements.lock", "requirements-dev.lock")
TOOL_LOCKS = ("requirements-slither.lock", "requirements-halmos.lock")


@pytest.mark.parametrize("name", PYTHON_LOCKS + TOOL_LOCKS)
def test_python_lock_has_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line) for line in requirements)
    assert text.count("==") <= text.count("--hash=sha256:")
    assert not re.search(r"://|--index|--extra-index|--find-links|file:", text)


def test_npm_lock_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    parts = {path: part for path, part in lock["packages"].items() if path}
    assert parts
    assert all(part["integrity"].startswith("sha512-") for part in parts.values())
    assert not any("resolved" in part for part in parts.values())


def test_npm_parts_are_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    versions = [*package["optionalDependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


def test_the_tests_run_on_what_users_run() -> None:
    runtime, dev = (pinned(name) for name in PYTHON_LOCKS[1:])
    assert runtime.items() <= dev.items()


def pinned(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
