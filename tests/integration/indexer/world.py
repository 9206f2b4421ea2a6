"""A chain with the contracts on it, people who act, and an indexer process that mirrors it."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from eth_account import Account

from app.chain import contracts, typed_data
from app.chain.deployment import Deployment
from app.chain.typed_data import ZERO_ADDRESS, ZERO_HASH, Bid, Feedback, Terms
from app.database import Address, Hash32
from devnet.keys import DevelopmentKey, Role, participant_key, role_key
from devnet.processes import Command, Service
from devnet.rpc import Chain
from indexer.audit import OPTIONS, Difference, differences

ROOT = Path(__file__).resolve().parents[3]
BUDGET = 10_000_000
WAIT_SECONDS = 40

BUYER, AGENT, OTHER = participant_key(0), participant_key(1), participant_key(2)
ARBITER = role_key(Role.ARBITER)
TABLES = {
    "blocks": "number",
    "logs": "block_number, log_index",
    "quarantine": "block_number, log_index",
    "escrow_events": "block_number, log_index",
    "agent_events": "block_number, log_index",
    "feedback_events": "block_number, log_index",
    "escrows": "task_id",
    "owed": "owner",
    "agents": "agent_id",
    "feedback": "agent_id, client, feedback_index",
    "channel_events": "block_number, log_index",
    "channels": "channel_id",
}


@dataclass
class World:
    """Acts on one chain, each act a transaction sent by an account that Anvil has unlocked."""

    chain: Chain
    deployment: Deployment
    salt: int = 0

    def send(self, sender: str, to: str, data: bytes) -> int:
        """Sends, waits for the receipt, and answers its block."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(2_000_000)}
        return self.chain.receipt(self.chain.ask("eth_sendTransaction", call)).block_number

    def register(self, owner: DevelopmentKey = AGENT, uri: str = "https://agents.example/1") -> int:
        """Registers an agent and answers its id."""
        before = int.from_bytes(self.storage_count())
        self.send(owner.address, self.deployment.identity, register_call(uri))
        return before + 1

    def storage_count(self) -> bytes:
        """How many agents there are: the transfers from nobody."""
        topics = [transfer_topic(), "0x" + "0" * 64]
        wanted = {"address": self.deployment.identity, "topics": topics, "fromBlock": "0x0"}
        return len(self.chain.ask("eth_getLogs", wanted)).to_bytes(8)

    def terms(self, *, agent: str = ZERO_ADDRESS) -> Terms:
        """Fresh terms; the agent is chosen at award unless one is named."""
        self.salt += 1
        now = int(self.chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        return Terms(
            buyer=Address(BUYER.address),
            agent=Address(agent),
            awarder=ZERO_ADDRESS,
            arbiter=Address(ARBITER.address),
            parent=ZERO_HASH,
            content=Hash32("0x" + "11" * 32),
            salt=Hash32("0x" + self.salt.to_bytes(32).hex()),
            budget=BUDGET,
            child_cap=0,
            award_by=0 if agent != ZERO_ADDRESS else now + 3_600,
            deliver_by=now + 7_200,
            review_seconds=3_600,
            veto_seconds=0,
            arbiter_seconds=86_400,
            default_share_bps=5_000,
        )

    def fund(self, terms: Terms) -> int:
        minted = contracts.call_data("MockUSDC", "mint", BUYER.address, terms.budget)
        self.send(role_key(Role.DEPLOYER).address, self.deployment.token, minted)
        approved = contracts.call_data("MockUSDC", "approve", self.deployment.escrow, terms.budget)
        self.send(BUYER.address, self.deployment.token, approved)
        return self.act(BUYER, contracts.fund(terms, b""))

    def act(self, sender: DevelopmentKey, data: bytes) -> int:
        return self.send(sender.address, self.deployment.escrow, data)

    def award(self, terms: Terms, agent_id: int, price: int) -> int:
        task = typed_data.task_id(terms, self.deployment)
        agent = Address(AGENT.address)
        bid = Bid(task, agent_id, agent, agent, price, 0, terms.deliver_by, ZERO_HASH)
        message = typed_data.bid(self.deployment, bid)
        signed = Account.sign_typed_data(AGENT.private_key, full_message=dict(message))
        return self.act(BUYER, contracts.award(terms, bid, bytes(signed.signature), price, ZERO_HASH, b""))

    def rate(self, terms: Terms, agent_id: int) -> int:
        feedback = Feedback(agent_id, 5, 0, "guildhall", "text.sort", "", "", ZERO_HASH)
        return self.send(BUYER.address, self.deployment.reputation, contracts.give_task_feedback(terms, feedback, b""))

    def blacklist(self, address: str, *, on: bool = True) -> int:
        data = contracts.call_data("MockUSDC", "blacklist" if on else "unBlacklist", address)
        return self.send(role_key(Role.DEPLOYER).address, self.deployment.token, data)

    def mine(self, blocks: int) -> None:
        self.chain.ask("anvil_mine", hex(blocks))

    def jump(self, seconds: int) -> None:
        self.chain.ask("evm_increaseTime", seconds)
        self.mine(1)

    def reorg(self, depth: int) -> None:
        """The last `depth` blocks are replaced by empty ones."""
        self.chain.ask("anvil_reorg", depth, [])

    def task_of(self, terms: Terms) -> tuple[Any, ...]:
        task = bytes.fromhex(typed_data.task_id(terms, self.deployment)[2:])
        return self.view("TaskEscrow", self.deployment.escrow, "taskOf", task)

    def view(self, contract: str, address: str, name: str, *arguments: object) -> tuple[Any, ...]:
        data = "0x" + contracts.call_data(contract, name, *arguments).hex()
        answer = self.chain.ask("eth_call", {"to": address, "data": data}, "latest")
        return contracts.decode_result(contract, name, bytes.fromhex(answer[2:]))


def register_call(uri: str) -> bytes:
    """`register` is overloaded three times: the selector says which."""
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    return keccak(text="register(string)")[:4] + encode(["string"], [uri])


def transfer_topic() -> str:
    from eth_utils.crypto import keccak

    return "0x" + keccak(text="Transfer(address,address,uint256)").hex()


@dataclass(frozen=True)
class Mirror:
    """A database, and how to start an indexer on it."""

    database_url: str
    rpc_url: str
    deployment_file: Path
    run_env: Mapping[str, str]
    folder: Path

    def indexer(self, name: str = "indexer", **env: str) -> Service:
        """The process, not yet started."""
        told = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "RPC_URLS": self.rpc_url,
            "DEPLOYMENT_FILE": str(self.deployment_file),
            "CONTENT_DIR": str(self.folder),
            "PUBLIC_URL": "http://127.0.0.1",
            "ENVIRONMENT": "development",
            "POLL_SECONDS": "0.05",
            "AUDIT_PAUSE_SECONDS": "0",
            "FAULT_DIR": str(self.folder),
        }
        argv = [sys.executable, "-m", "indexer.main"]
        env = {**self.run_env, **told, **env}
        return Service(Command(name, argv, env, self.folder / f"{name}.log", cwd=ROOT))

    def command(self, *words: str, **env: str) -> Service:
        """`indexer WORDS`, not yet started."""
        made = self.indexer(words[0], **env)
        made.command = replace(made.command, argv=[*made.command.argv, *words])
        return made

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query.encode(), given).fetchall()

    def on(self, database_url: str) -> "Mirror":
        return replace(self, database_url=database_url)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is mirrored."""
        return {table: self.rows(f"SELECT * FROM chain.{table} ORDER BY {key}") for table, key in TABLES.items()}

    def caught_up(self, chain: Chain) -> bool:
        """The cursor is the chain's head, by hash."""
        head = chain.ask("eth_getBlockByNumber", "latest", False)
        found = self.rows("SELECT block_number, block_hash FROM chain.cursors")
        return found == [(int(head["number"], 16), bytes.fromhex(head["hash"][2:]))]

    def catch_up(self, chain: Chain) -> None:
        wait_until(lambda: self.caught_up(chain), "the mirror is at the head")


def wait_until(holds: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Polls until it holds. Raises AssertionError after the time limit."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def audited(world: World, mirror: Mirror) -> list[Difference]:
    with psycopg.connect(mirror.database_url, options=OPTIONS) as connection:
        return list(differences(connection, world.deployment))


def change(mirror: Mirror, statement: str) -> None:
    with psycopg.connect(mirror.database_url) as connection:
        assert connection.execute(statement.encode()).rowcount == 1
