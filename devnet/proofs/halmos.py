"""Symbolic proofs: `python -m devnet.proofs.halmos [halmos's arguments]`, of the properties in contracts/proof.

Each `check_` function is a statement for all values of its parameters. It counts as proven only where the solver found
no counterexample in every path, some path came to its end, and no loop was cut short; a time-out is none of these.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from devnet.binaries import ROOT
from devnet.proofs.tools import tool, tool_environment
from devnet.solc import solc_binary

OUT = ROOT / ".cache" / "proofs" / "halmos"
# For one question to the solver; nearly all are answered within a second.
QUESTION_SECONDS = 300
LIMIT_SECONDS = 7200


def main(arguments: list[str]) -> int:
    answer = answer_of_halmos(arguments)
    results = [result for results in answer["test_results"].values() for result in results]
    unproven = [result for result in results if not is_proven(result)]
    for result in unproven:
        print(f"not proven: {result['name']} (exit code {result['exitcode']}, {result['num_bounded_loops']} loops cut)")
    paths = sum(sum(result["num_paths"]) for result in results)
    print(f"halmos: {len(results) - len(unproven)} of {len(results)} properties proven, over {paths:,} paths")
    return 1 if unproven or not results else 0


def is_proven(result: dict[str, Any]) -> bool:
    return result["exitcode"] == 0 and not result["num_bounded_loops"]


def answer_of_halmos(arguments: list[str]) -> dict[str, Any]:
    """Compiled as what is shipped. Raises CalledProcessError where the proofs do not compile."""
    halmos, out = tool("halmos"), OUT / "answer.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    env = tool_environment(halmos) | {"FOUNDRY_PROFILE": "production", "FOUNDRY_SOLC": str(solc_binary())}
    env |= {f"FOUNDRY_{name}": "contracts/proof" for name in ("SRC", "TEST")}
    env |= {"FOUNDRY_OUT": str(OUT / "out"), "FOUNDRY_CACHE_PATH": str(OUT / "cache")}
    argv: list[str | Path] = [halmos, "--forge-build-out", (OUT / "out").relative_to(ROOT), "--json-output", out]
    argv += ["--solver-timeout-assertion", f"{QUESTION_SECONDS}s", "--no-status", *arguments]
    done = subprocess.run(argv, cwd=ROOT, env=env, check=False, timeout=LIMIT_SECONDS)
    if not out.exists():
        raise subprocess.CalledProcessError(done.returncode, "halmos")
    answer: dict[str, Any] = json.loads(out.read_text())
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
