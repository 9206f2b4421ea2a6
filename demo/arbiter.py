"""An arbiter: checks the disputed work and pays the agent the share that is right, or stays silent.

`python -m demo.arbiter --url URL --key-file FILE [--silent]`
"""

import asyncio
import sys

from demo import work
from demo.lines import tell
from demo.participant import arguments, play
from sdk import Client
from sdk.errors import AuctionRefused, IntentFailed, Problem
from sdk.schemas import Task

TICK_SECONDS = 0.5


async def judge(client: Client, silent: bool) -> int:
    """Until told to stop."""
    await client.sign_in()
    tell("ready", silent=silent)
    ruled: set[str] = set()
    while True:
        for task in await client.tasks(role="arbiter", state="disputed"):
            if task.terms.arbiter == client.address and task.task_id not in ruled:
                ruled.add(task.task_id)
                await consider(client, task, silent, ruled)
        await asyncio.sleep(TICK_SECONDS)


async def consider(client: Client, task: Task, silent: bool, ruled: set[str]) -> None:
    if silent:
        tell("stays silent", task=task.task_id)
        return
    try:
        await rule(client, task)
    except (AuctionRefused, IntentFailed, Problem) as refusal:
        tell("refused", task=task.task_id, what="rule", reason=str(refusal))
        ruled.discard(task.task_id)


async def rule(client: Client, task: Task) -> None:
    """Reads content, deliverable and evidence, each checked against its digest on chain, and the award as well."""
    if task.escrow is None or task.escrow.deliverable is None or task.escrow.evidence is None:
        return
    content, deliverable, evidence = [
        await client.download(digest) for digest in (task.terms.content, task.escrow.deliverable, task.escrow.evidence)
    ]
    await client.check_award(task.terms)
    share_bps = work.right_share_bps(task.capability, content, deliverable)
    reasons = await client.upload(
        f"Of the work {share_bps / 100:g}% is right. The buyer said: {evidence.decode()}".encode()
    )
    intent = await client.rule(task.terms, share_bps, reasons.digest)
    await client.wait_for_intent(intent)
    tell("ruled", task=task.task_id, share_bps=share_bps)


def main() -> int:
    parser = arguments("arbiter")
    parser.add_argument("--silent", action="store_true", help="never rules")
    options = parser.parse_args()
    return play(options, lambda client: judge(client, options.silent))


if __name__ == "__main__":
    sys.exit(main())
