"""Static analysis: `python -m devnet.proofs.slither` over the production sources.

Every detector is on. What one says and is not a fault is excepted on the line where it is, with the reason beside it;
an exception for more than a line, without a reason, or that nothing needs any more makes the run red.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devnet.binaries import ROOT, foundry_binary
from devnet.proofs.tools import tool, tool_environment
from devnet.solc import solc_binary

OUT = ROOT / ".cache" / "proofs" / "slither"
EXCEPTION = re.compile(r"^\s*// slither-disable-next-line [a-z0-9,-]+ - \S.{15,}$")
LIMIT_SECONDS = 900


def main() -> int:
    sources = sorted((ROOT / "contracts" / "src").rglob("*.sol"))
    excepted = [line for source in sources for line in exceptions(source)]
    faults = [f"an exception is one line's, and says why: {line}" for line in excepted if not EXCEPTION.match(line)]
    faults += findings(answer_of_slither())
    print("\n".join(faults))
    print(
        f"slither: {len(faults)} findings in {len(sources)} sources; {len(excepted)} exceptions, each with its reason"
    )
    return 1 if faults else 0


def exceptions(source: Path) -> list[str]:
    return [line for line in source.read_text().splitlines() if "slither-disable" in line]


def findings(answer: Mapping[str, Any]) -> list[str]:
    """Those about the project's own sources; a library's exceptions are its own."""
    found = []
    for finding in answer["results"].get("detectors", ()):
        if finding["check"] == "unused-ignore-directive":
            unused = (entry for entry in finding["unused_ignores"] if "node_modules" not in entry["file"])
            found += [f"unused exception: {Path(e['file']).name}#{e['line']} {e['unused_detectors']}" for e in unused]
        else:
            found.append(f"{finding['check']}: {finding['description']}")
    return found


def answer_of_slither() -> Mapping[str, Any]:
    """The build before is fresh: slither reads whatever an older one left in its folder. Raises CalledProcessError."""
    slither = tool("slither")
    shutil.rmtree(OUT, ignore_errors=True)
    env = {**tool_environment(slither), "FOUNDRY_PROFILE": "production"}
    env |= {"FOUNDRY_OUT": str(OUT / "out"), "FOUNDRY_CACHE_PATH": str(OUT / "cache")}
    build: list[str | Path] = [foundry_binary("forge"), "build", "--build-info", "--quiet", "--use", solc_binary()]
    subprocess.run(build, cwd=ROOT, env=env, check=True, timeout=LIMIT_SECONDS)
    analysis: list[str | Path] = [slither, ".", "--foundry-out-directory", OUT / "out"]
    analysis += ["--json", OUT / "answer.json", "--fail-none"]
    done = subprocess.run(
        analysis, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    if done.returncode != 0 or not (OUT / "answer.json").exists():
        raise RuntimeError(f"slither failed: {done.stderr}")
    answer: dict[str, Any] = json.loads((OUT / "answer.json").read_text())
    return answer


if __name__ == "__main__":
    sys.exit(main())
