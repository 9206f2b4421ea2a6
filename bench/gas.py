"""`scripts/bench gas`: what each verb costs, from the committed snapshot that the contract tests hold exactly."""

import json
import sys
from pathlib import Path

SNAPSHOTS = Path(__file__).resolve().parent.parent / "contracts" / "gas"
ETHER_TRANSFER = 21_000
"""The floor: what any transaction costs."""


def main() -> int:
    """Prints a table of gas units and of multiples of a bare transfer."""
    for file in sorted(SNAPSHOTS.glob("*.json")):
        print(file.stem)
        for flow, gas in json.loads(file.read_text()).items():
            print(f"  {flow:<44} {int(gas):>9,}  {int(gas) / ETHER_TRANSFER:5.1f} x a bare transfer")
    return 0


if __name__ == "__main__":
    sys.exit(main())
