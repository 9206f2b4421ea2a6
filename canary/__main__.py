"""`python -m canary play FOLDER --url URL`: posts, checks, pays and rates as a buyer; again where it was stopped, or
others are not done. `python -m canary record FOLDER --url URL --key FILE`: says what it found, as an operator.
`python -m canary drawn --url URL --key FILE`: the work that the lot fell on. Exit code 1 where something was refused, 3
where it waits for others."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from canary.errors import CanaryRefused
from canary.nest import Nest
from canary.play import Canary
from sdk import Client, Wallet
from sdk.digests import digest_of
from sdk.errors import SdkError, WaitTimedOut

WAITS = 3


async def play(given: argparse.Namespace) -> None:
    """hire, check, pay or dispute, and rate, as the plan in the folder says; again where it had to wait"""
    nest = Nest(given.folder)
    plan = nest.plan()
    async with Client(given.url, Wallet.from_key_file(nest.key_file)) as client:
        task = await Canary(client, nest, plan, given.wait_seconds).play()
    came = nest.report_file.exists()
    found = "nothing came" if not came else "right" if nest.read_report()["passed"] else "wrong"
    print(f"{task.task_id} {task.state}: {found}")


async def record(given: argparse.Namespace) -> None:
    """say what the canary found, as an operator"""
    nest = Nest(given.folder)
    report = nest.read_report()
    digest = digest_of(nest.report_file.read_bytes())
    async with Client(given.url, Wallet.from_key_file(given.key)) as client:
        await client.record_audit(report["task_id"], passed=report["passed"], method="canary", report=digest)
    print(f"{report['task_id']} recorded; its report is {digest}")


async def drawn(given: argparse.Namespace) -> None:
    """list the finished work that is to be done again, as an operator, or fetch it"""
    async with Client(given.url, Wallet.from_key_file(given.key)) as client:
        for work in await client.drawn_audits():
            print(*(f"{name} {work[name]}" for name in ("task_id", "agent_id", "content", "deliverable")))
            if given.into is not None:
                fetched(given.into / work["task_id"], await client.take_audit_on(work))


def fetched(folder: Path, work: tuple[bytes, bytes]) -> None:
    """What was asked for and what came, as files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, body in zip(("content", "deliverable"), work, strict=True):
        (folder / name).write_bytes(body)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="canary", description="Tasks that are posted in order to be checked.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for verb in (play, record, drawn):
        asked = verbs.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__)
        asked.set_defaults(verb=verb)
        asked.add_argument("--url", required=True, help="the marketplace")
        if verb is not drawn:
            asked.add_argument("folder", type=Path, help="with plan.json and buyer.key, one for each canary")
        if verb is drawn:
            asked.add_argument("--into", type=Path, metavar="FOLDER", help="fetch what was asked for and what came")
        if verb is play:
            asked.add_argument("--wait-seconds", type=float, default=600.0, help="for each wait for others")
        else:
            asked.add_argument("--key", required=True, type=Path, metavar="FILE", help="the operator's")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(given.verb(given))
    except WaitTimedOut as waiting:
        print(f"{waiting} Play it again later.", file=sys.stderr)
        return WAITS
    except (CanaryRefused, SdkError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
