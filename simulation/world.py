"""The network that a play runs on: started here, with money for the buyers and a clock that can be moved."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.check import Audit, audit
from devnet import deploy, stack
from devnet.anvil import Mining
from devnet.keys import Role, role_key
from devnet.rpc import Chain
from devnet.stack import Stack

MINING = Mining(block_seconds=1, mixed=False, slots_in_an_epoch=1)
"""Final two blocks behind the head. A block for each transaction would lose some of those that are sent at once."""
BUDGET = 10_000 * 10**6
AUDIT_SECONDS = 30.0
MANY = "100000"
API = {"REQUESTS_PER_SECOND": MANY, "ANONYMOUS_REQUESTS_PER_SECOND": MANY, "PRIVATE_ENDPOINTS": "true"}


@dataclass(frozen=True)
class World:
    """A running network as the conductor sees it."""

    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def rpc_url(self) -> str:
        return self.stack.network.endpoints.rpc_url

    @property
    def arbiter_key(self) -> str:
        return role_key(Role.ARBITER).private_key

    def fund(self, addresses: Sequence[str]) -> None:
        """10,000 USDC each."""
        deploy.fund(self.rpc_url, self.stack.deployment, addresses, BUDGET)

    def jump(self, seconds: int) -> None:
        """The chain's clock, for every contract at once."""
        with Chain(self.rpc_url) as chain:
            chain.ask("evm_increaseTime", seconds)
            chain.ask("evm_mine")

    def audit(self) -> Audit:
        """The books, chain against mirror, once both are at one block."""
        endpoints = self.stack.network.endpoints
        return audit(endpoints.rpc_url, endpoints.database_url, self.stack.deployment_file, AUDIT_SECONDS)

    def ended(self) -> list[str]:
        """The processes that ended although nobody stopped them."""
        return [service.name for service in self.stack.failed()]


@contextmanager
def running(said: Callable[[str], None], data_dir: Path | None = None) -> Iterator[World]:
    """Everything of it, in a folder that goes with it unless one is given."""
    with tempfile.TemporaryDirectory(prefix="guildhall-") as folder:
        place = data_dir or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        with stack.start(place, mining=MINING, process_env={"api": API}, said=said) as running_stack:
            yield World(running_stack)
