"""The deep run of the Solidity tests, and whether its random walks went everywhere.

`python -m devnet.walks [forge's arguments]` runs forge under the deep profile and then sums up what the walks counted:
how often each verb succeeded and was refused, and how often a task or a channel came to each of its ends. Red where
forge is red, where a verb succeeded too seldom or an end was hardly reached: invariants that held of nothing prove
nothing. Each walk leaves one line of `name succeeded refused,` (contracts/test/Walk.sol).
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devnet.binaries import ROOT

FOLDER = Path(".cache") / "forge" / "walks"
LEAST_SUCCESSES = 1_000
LEAST_ENDS = 100


@dataclass(frozen=True)
class Counts:
    """Of all walks over one token."""

    walks: int
    succeeded: Mapping[str, int]
    refused: Mapping[str, int]


def main(arguments: list[str]) -> int:
    folder = ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = {"FOUNDRY_PROFILE": "deep", **os.environ, "GUILDHALL_WALKS": str(FOLDER)}
    code = subprocess.run(
        [sys.executable, "-m", "devnet.contracts", "test", *arguments], env=env, check=False
    ).returncode
    found = {path.stem: counted(path.read_text().splitlines()) for path in sorted(folder.glob("*.txt"))}
    for line in table(found):
        print(line)
    missing = too_seldom(found)
    for line in missing:
        print(line, file=sys.stderr)
    return code or (1 if missing else 0)


def counted(lines: Iterable[str]) -> Counts:
    """Raises ValueError for a line that is not whole."""
    succeeded: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    walks = 0
    for line in lines:
        walks += 1
        for entry in line.removesuffix(",").split(","):
            name, done, not_done = entry.split(" ")
            succeeded[name] += int(done)
            refused[name] += int(not_done)
    return Counts(walks, succeeded, refused)


def is_end(name: str) -> bool:
    """Verbs begin with a small letter, the states in which something ends with a capital."""
    return name[:1].isupper()


def table(found: Mapping[str, Counts]) -> list[str]:
    """For each verb and end, and each token: succeeded / refused."""
    names = list(dict.fromkeys(name for counts in found.values() for name in counts.succeeded))
    lines = ["", f"{'':26}" + "".join(f"{token:>22}" for token in found)]
    lines.append(f"{'walks':26}" + "".join(f"{counts.walks:>22,}" for counts in found.values()))
    for name in names:
        cells = (f"{counts.succeeded.get(name, 0):,} / {counts.refused.get(name, 0):,}" for counts in found.values())
        lines.append(f"{name:26}" + "".join(f"{cell:>22}" for cell in cells))
    return lines


def too_seldom(found: Mapping[str, Counts]) -> list[str]:
    """What was not done often enough over all tokens together; all of it where no walk was counted."""
    if not found:
        return ["no walk left its counts"]
    total: Counter[str] = Counter()
    for counts in found.values():
        total.update(counts.succeeded)
    lines = []
    for name, done in total.items():
        least = LEAST_ENDS if is_end(name) else LEAST_SUCCESSES
        if done < least:
            lines.append(f"{name}: {done:,} times, at least {least:,} are wanted")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
