"""Starts the players, plays the chain's part (reorg, clock), and watches that every story is told."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from demo import chain_control
from demo.cast import AGENTS, ARBITERS, EVE_KEEPS_USDC, UNPAYABLE, Part, Program, stories_of
from demo.chain_control import ReorgTooDeep
from demo.participants import Participant, start
from demo.scene import Scene
from demo.view import View
from devnet import deploy
from devnet.processes import Processes
from devnet.rpc import Chain
from devnet.stack import Stack

TICK_SECONDS = 0.1
ACT_SECONDS = 120.0
UNIT = 1_000_000
DAY = 24 * 3600
WHOLE = Program()


class DemoFailed(Exception):
    """A story failed, or a process ended; the message names it."""


@dataclass
class Conductor:
    """One performance of a program on a running stack."""

    stack: Stack
    chain: Chain
    processes: Processes
    view: View
    program: Program = WHOLE
    participants: list[Participant] = field(default_factory=list)

    @property
    def scene(self) -> Scene:
        return self.view.scene

    def perform(self) -> None:
        """All acts in order; raises DemoFailed."""
        self.prepare()
        self.tell_side_by_side()
        if self.program.reorg_buyer is not None:
            self.reorganize(self.program.reorg_buyer)
        if self.program.late_stories:
            self.jump()

    def prepare(self) -> None:
        """Money for the buyers (early, so that no reorg takes it back), then every agent registered on chain."""
        for part in self.program.everyone:
            if part.usdc:
                deploy.fund(self.chain_url, self.stack.deployment, [part.key.address], part.usdc * UNIT)
        self.view.say(f"{len(AGENTS)} agents and {len(ARBITERS)} arbiters start, each a process of its own")
        self.enter(*AGENTS, *ARBITERS)
        chain_control.blacklist(self.chain, self.stack.deployment, UNPAYABLE.key.address)
        self.view.say(f"the token's owner blacklists {UNPAYABLE.name}")
        self.watch("agents register", lambda: len(self.scene.registered) == len(AGENTS))

    def tell_side_by_side(self) -> None:
        self.view.say(f"{len(self.program.buyers)} buyers post {len(self.program.stories)} tasks")
        self.enter(*self.program.buyers)
        self.watch("stories are told", lambda: all(map(self.scene.has_reached, self.program.stories)))

    def reorganize(self, buyer: Part) -> None:
        """Five blocks are replaced while both of this buyer's fundings lie in them."""
        self.view.say("the third buyer funds two tasks")
        self.enter(buyer)
        stories = stories_of(buyer)
        self.watch("fundings are mirrored", lambda: all(map(self.is_mirrored, stories)))
        spent = (buyer.usdc - EVE_KEEPS_USDC) * UNIT
        hashes = [self.scene.funded[story] for story in stories]
        try:
            depth = chain_control.depth_of(self.chain, hashes)
        except ReorgTooDeep as refusal:
            raise DemoFailed(f"reorg: {refusal}") from refusal
        dropped = chain_control.reorg_spending(self.chain, self.stack.deployment, buyer.key, spent, depth)
        self.view.say(
            f"REORG: {depth} blocks above finality are replaced, {len(dropped)} carried "
            f"transactions dropped; on the new fork {buyer.name}'s money is already spent"
        )
        back = chain_control.came_back(self.chain, dropped, limit_seconds=30)
        self.view.say(f"{len(back)} of {len(dropped)} are on chain again, byte for byte")
        if len(dropped) < len(stories) or len(back) < len(dropped):
            raise DemoFailed(f"reorg: {len(dropped)} transactions dropped, {len(back)} came back")
        self.watch("stories survive the reorg", lambda: self.all_told(stories))

    def jump(self) -> None:
        self.view.say("the chain's clock jumps a day: deadlines and review windows end, long ones do not")
        chain_control.jump(self.chain, DAY)
        self.watch("the late stories are told", lambda: self.all_told(self.program.late_stories))

    def all_told(self, stories: list[str]) -> bool:
        return all(story in self.scene.stories for story in stories)

    def enter(self, *parts: Part) -> None:
        """Each as a process of its own."""
        run_id = self.stack.network.endpoints.run_id
        self.participants += [start(self.processes, p, self.stack.url, self.stack.data_dir, run_id) for p in parts]

    def watch(self, what: str, reached: Callable[[], bool]) -> None:
        """Until reached; raises DemoFailed at the first failed story or ended process, or after ACT_SECONDS."""
        stop_at = time.monotonic() + ACT_SECONDS
        while True:
            self.listen()
            self.refuse_failure()
            if reached():
                return
            if time.monotonic() > stop_at:
                raise DemoFailed(f"{what}: not within {ACT_SECONDS:g} s; {self.unfinished()}")
            time.sleep(TICK_SECONDS)

    def listen(self) -> None:
        for participant in self.participants:
            for line in participant.reader.new_lines():
                self.scene.take(line)
        self.view.refresh()

    def refuse_failure(self) -> None:
        if (failure := self.scene.first_failure()) is not None:
            raise DemoFailed(failure)
        for participant in self.participants:
            if participant.service.exit_code():
                raise DemoFailed(f"{participant.service.name} ended with exit code {participant.service.exit_code()}")
        for service in self.stack.failed():
            raise DemoFailed(f"{service.name} ended with exit code {service.exit_code()}")

    def unfinished(self) -> str:
        open_tasks = [
            f"{row.story} is {row.state}" for row in self.scene.tasks.values() if row.story not in self.scene.stories
        ]
        return ", ".join(open_tasks)

    def is_mirrored(self, story: str) -> bool:
        """Mined by the relayer's word, and seen by the indexer."""
        awarded = any(row.story == story and row.state == "awarded" for row in self.scene.tasks.values())
        return awarded and story in self.scene.funded

    @property
    def chain_url(self) -> str:
        return self.stack.network.endpoints.rpc_url
