"""`python -m demo`: the whole network, every story, and the ledger at the end. Exit code 1 on any failure."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from audit.check import Audit, audit
from audit.report import rendered
from demo.cast import REORG_BUYER, Program, stories_of
from demo.conductor import WHOLE, Conductor, DemoFailed
from demo.scene import Scene
from demo.view import View, task_table
from devnet import stack
from devnet.processes import Processes, ProcessFailed
from devnet.rpc import Chain

PLAIN_WIDTH = 160


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description="A funded task goes from posting to payout.")
    parser.add_argument("--data-dir", type=Path, help="kept afterwards; a fresh temporary folder otherwise")
    stories = sorted([*WHOLE.stories, *stories_of(REORG_BUYER)])
    parser.add_argument("--story", action="append", choices=stories, help="only these; all otherwise")
    options = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)
    program = WHOLE.only(options.story) if options.story else WHOLE
    try:
        if options.data_dir is not None:
            options.data_dir.mkdir(parents=True, exist_ok=True)
            return perform(console, options.data_dir, program)
        return in_fresh_folder(console, program)
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        return 130


def in_fresh_folder(console: Console, program: Program) -> int:
    """Kept when something failed, for its logs."""
    folder = Path(tempfile.mkdtemp(prefix="guildhall-"))
    code = perform(console, folder, program)
    if code == 0:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def perform(console: Console, data_dir: Path, program: Program) -> int:
    began = time.monotonic()
    view = View(console, Scene())
    try:
        with view.showing(), stack.start(data_dir, said=view.say) as network:
            view.say(f"the network is ready after {time.monotonic() - began:.1f} s at {network.url}")
            result = play(network, view, program)
    except (DemoFailed, ProcessFailed) as failure:
        console.print(task_table(view.scene, console.width))
        console.print(Text(f"FAILED  {failure}", style="bold red"))
        console.print(f"Logs: {data_dir / 'logs'}", soft_wrap=True)
        return 1
    console.print(task_table(view.scene, console.width))
    console.print(rendered(result))
    told = sum(verdict == "told" for verdict in view.scene.stories.values())
    seconds = time.monotonic() - began
    console.print(f"{told} stories told, {len(view.scene.tasks)} tasks, {seconds:.0f} s.", style="bold")
    if not result.equal:
        console.print(f"Logs: {data_dir / 'logs'}", soft_wrap=True)
    return 0 if result.equal else 1


def play(network: stack.Stack, view: View, program: Program) -> Audit:
    endpoints = network.network.endpoints
    with Chain(endpoints.rpc_url) as chain, Processes() as players:
        Conductor(network, chain, players, view, program).perform()
        view.say("the ledger: chain against database")
        return audit(endpoints.rpc_url, endpoints.database_url, network.deployment_file)


if __name__ == "__main__":
    sys.exit(main())
