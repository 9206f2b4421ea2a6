"""What happens on the chain, drawn from a seed: people act, blocks pass, the chain reorganises."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.chain import contracts
from app.chain.typed_data import ZERO_HASH, Terms
from devnet.rpc import RpcFailed
from tests.integration.indexer.world import AGENT, BUYER, World

DEEP, DEEPEST = 64, 200


@dataclass
class Acts:
    """One seed's. Each act is counted under its name once it was done."""

    world: World
    random: random.Random
    agent_id: int
    lowest: int
    """No reorg takes this block, to which the next seed returns."""
    counts: Counter[str] = field(default_factory=Counter)
    open: list[Terms] = field(default_factory=list)

    def any(self) -> None:
        """One act. What the contracts refuse after a reorg is not done, and not counted."""
        weighted: list[tuple[int, Callable[[], str]]] = [
            (6, self.fund),
            (5, self.work),
            (3, self.mine),
            (2, self.reorg),
            (1, self.deep_reorg),
            (1, self.mined_again),
            (1, self.shorter),
            (1, self.register),
        ]
        act = self.random.choices([act for _, act in weighted], [weight for weight, _ in weighted])[0]
        try:
            self.counts[act()] += 1
        except RpcFailed:
            self.open.clear()

    def fund(self) -> str:
        terms = self.world.terms(agent=AGENT.address)
        self.world.fund(terms)
        self.open.append(terms)
        return "fund"

    def work(self) -> str:
        """A task goes on, to one of its ends or a part of it."""
        if not self.open:
            return self.fund()
        terms = self.open[self.random.randrange(len(self.open))]
        if self.random.random() < 0.3:
            self.world.act(BUYER, contracts.cancel(terms, b""))
            self.open.remove(terms)
            return "cancel"
        self.world.act(AGENT, contracts.submit(terms, self.agent_id, ZERO_HASH, b""))
        self.world.act(BUYER, contracts.release(terms, self.random.choice([1, terms.budget]), b""))
        return "release"

    def register(self) -> str:
        self.world.register(uri=f"https://agents.example/{self.random.random()}")
        return "register"

    def mine(self) -> str:
        self.world.mine(self.random.choice([1, 1, 2, 5, 30]))
        return "mine"

    def reorg(self) -> str:
        return self._replaced(self.random.randint(1, 12), "reorg")

    def reorg_of_two(self) -> str:
        return self._replaced(2, "reorg")

    def deep_reorg(self) -> str:
        depth = self.random.choice([DEEP, DEEP, DEEPEST])
        return self._replaced(depth, f"reorg of {depth}")

    def _replaced(self, depth: int, name: str) -> str:
        if self.world.chain.block_number() - depth < self.lowest:
            return self.mine()
        self.world.reorg(depth)
        return name

    def shorter(self) -> str:
        """The chain loses its newest blocks, and grows another way."""
        depth = self.random.randint(1, 5)
        if self.world.chain.block_number() - depth < self.lowest:
            return self.mine()
        self.world.chain.ask("anvil_rollback", depth)
        return "shorter"

    def mined_again(self) -> str:
        """Orphaned transactions are mined once more, in other blocks and at other places; the last never comes back."""
        self.fund()
        depth = self.random.randint(2, 6)
        head = self.world.chain.block_number()
        if head - depth < self.lowest:
            return "fund"
        raws = [raw for number in range(head - depth + 1, head + 1) for raw in self._raw(number)]
        self.world.reorg(depth)
        self.world.chain.ask("evm_setAutomine", False)
        try:
            for raw in raws[:-1]:
                self.world.chain.ask("eth_sendRawTransaction", raw)
            self.world.mine(2)
        finally:
            self.world.chain.ask("evm_setAutomine", True)
        return "mined again"

    def _raw(self, number: int) -> list[str]:
        """A block's transactions, as they were signed."""
        block = self.world.chain.ask("eth_getBlockByNumber", hex(number), False)
        return [self.world.chain.ask("eth_getRawTransactionByHash", tx) for tx in block["transactions"]]
