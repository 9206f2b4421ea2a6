"""`python -m audit --rpc-url URL --database-url URL --deployment FILE`: exit code 1 on any difference."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from audit.check import audit
from audit.report import as_json, rendered


def main() -> int:
    parser = argparse.ArgumentParser(prog="audit", description="Compares the mirror with the chain, to the last unit.")
    parser.add_argument("--rpc-url", required=True)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--deployment", required=True, type=Path, metavar="FILE")
    parser.add_argument("--wait-seconds", type=float, default=10.0, help="for the mirror to reach the head")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = audit(given.rpc_url, given.database_url, given.deployment, given.wait_seconds)
    if given.json:
        print(as_json(result))
    else:
        Console().print(rendered(result))
    return 0 if result.equal else 1


if __name__ == "__main__":
    sys.exit(main())
