"""Where packages come from: uv does not read pip's configuration, so it is handed over through the environment."""

import ast
import subprocess
from collections.abc import Mapping
from pathlib import Path

# pip's option to uv's variable. find-links is left out: a wheel from a local folder has no place in a lock.
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
# Later sections win in pip.
SECTIONS = ("global", "install", ":env:")


def index_environment(python: Path, env: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for what pip is configured with; a variable that is already set wins. `python` has pip."""
    argv = [str(python), "-m", "pip", "--disable-pip-version-check", "config", "list"]
    listing = subprocess.run(argv, check=True, capture_output=True, text=True, env=dict(env), timeout=60).stdout
    found = {name: value for name, value in translated(listing).items() if not env.get(name)}
    # Like pip: the best version of all indexes, not all versions of the first that knows the name. Hashes decide.
    return found | {"UV_INDEX_STRATEGY": env.get("UV_INDEX_STRATEGY", "unsafe-best-match")}


def translated(listing: str) -> dict[str, str]:
    """`listing` is the output of `pip config list`: lines of section.option='value'."""
    options: dict[tuple[str, str], str] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        options[section, option] = str(ast.literal_eval(value))
    return {
        variable: " ".join(options[section, option].split())
        for section in SECTIONS
        for option, variable in VARIABLES.items()
        if (section, option) in options
    }
