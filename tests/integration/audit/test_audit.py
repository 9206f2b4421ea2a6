"""The audit on a real chain, a real indexer and a real mirror: equal to the last unit, and blind to nothing."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from audit.channels import ChannelLedger, audit_channels
from audit.check import audit
from audit.deployment import load
from audit.ledger import Ledger
from audit.rpc import Rpc
from devnet import deploy
from devnet.keys import DevelopmentKey, Role, participant_key, role_key
from devnet.processes import Command, Service
from devnet.rpc import Chain
from sdk.network import Network, Token
from sdk.terms import ZERO_ADDRESS, Terms, Windows, make_terms
from sdk.typed_data import TERMS_ABI, task_id
from sdk.vouchers import CHANNEL_ABI, Channel, sign_voucher
from sdk.wallet import Wallet
from tests.conftest import Postgres

ROOT = Path(__file__).parents[3]
BUYER, AGENT, UNPAYABLE = (participant_key(number) for number in (0, 1, 2))
ARBITER = role_key(Role.ARBITER).address
UNIT = 1_000_000
HOUR, DAY = 3_600, 86_400
DIGEST = "0x" + "ab" * 32
FEE_BPS = deploy.FEE_BPS


@dataclass(frozen=True)
class Market:
    """A mirrored chain on which a task was paid, one is owed and one is held."""

    rpc_url: str
    database_url: str
    deployment_file: Path
    paid: str
    owed: str


class Actor:
    """Sends plain transactions: authority is the sender."""

    def __init__(self, chain: Chain, deployment: deploy.Deployment) -> None:
        self.chain, self.deployment = chain, deployment

    def send(self, key: DevelopmentKey, contract: str, signature: str, *values: object) -> None:
        name, _, types = signature.partition("(")
        kinds = [kind for kind in types.removesuffix(")").split(";") if kind]
        selector = keccak(text=f"{name}({','.join(kinds)})")[:4]
        data = "0x" + (selector + encode(kinds, list(values))).hex()
        self.chain.send_all(key, [{"to": self.deployment.contracts[contract], "data": data, "gas": 1_500_000}])

    def hire(self, agent: DevelopmentKey, usdc: int, child_cap: int = 0) -> Terms:
        now = int(self.chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        terms = make_terms(
            buyer=BUYER.address,
            arbiter=ARBITER,
            content=DIGEST,
            budget=usdc * UNIT,
            chain_time=now,
            agent=agent.address,
            windows=Windows(deliver=30 * DAY),
        )
        terms = replace(terms, child_cap=child_cap)
        self.send(BUYER, "TaskEscrow", f"fund({TERMS_ABI};bytes)", packed(terms), b"")
        return terms

    def delegate(self, parent: Terms, worker: DevelopmentKey, usdc: int) -> Terms:
        """The agent hires a worker with the parent's money, pays 2 of it, and the worker gives the rest back."""
        terms = make_terms(
            buyer=parent.agent,
            arbiter=ARBITER,
            content=DIGEST,
            budget=usdc * UNIT,
            chain_time=parent.deliver_by - 4 * DAY,
            agent=worker.address,
            windows=Windows(review=HOUR, arbiter=DAY, deliver=HOUR),
        )
        child = replace(terms, parent=self.task_id(parent))
        self.send(AGENT, "TaskEscrow", f"fundChild({TERMS_ABI};{TERMS_ABI};bytes)", packed(child), packed(parent), b"")
        self.send(AGENT, "TaskEscrow", f"release({TERMS_ABI};uint96;bytes)", packed(child), 2 * UNIT, b"")
        self.send(worker, "TaskEscrow", f"cancel({TERMS_ABI};bytes)", packed(child), b"")
        return child

    def network(self) -> Network:
        contracts = self.deployment.contracts
        token = Token(contracts["MockUSDC"], "USD Coin", "2", 6)
        return Network(
            chain_id=self.deployment.chain_id,
            escrow=contracts["TaskEscrow"],
            identity=contracts["IdentityRegistry"],
            reputation=contracts["ReputationRegistry"],
            token=token,
            fee_bps=FEE_BPS,
            auctioneer=ARBITER,
            arbiters=(),
            channels=contracts["PaymentChannel"],
        )

    def task_id(self, terms: Terms) -> str:
        return task_id(terms, self.network())

    def open_channel(self, usdc: int) -> None:
        """Of a channel with `usdc`, one is redeemed."""
        channel = Channel(BUYER.address, AGENT.address, ZERO_ADDRESS, ZERO_ADDRESS, 3600, DIGEST)
        fields = (*list(vars(channel).values())[:-1], bytes.fromhex(DIGEST[2:]))
        self.send(BUYER, "PaymentChannel", f"open({CHANNEL_ABI};uint96;bytes)", fields, usdc * UNIT, b"")
        wallet = Wallet(Account.from_key(BUYER.private_key))
        signed = sign_voucher(wallet, channel, AGENT.address, UNIT, self.network())
        redeemed = (fields, AGENT.address, UNIT, bytes.fromhex(signed.signature[2:]))
        self.send(AGENT, "PaymentChannel", f"redeem({CHANNEL_ABI};address;uint96;bytes)", *redeemed)

    def deliver(self, agent: DevelopmentKey, agent_id: int, terms: Terms) -> None:
        signature = f"submit({TERMS_ABI};uint256;bytes32;bytes)"
        self.send(agent, "TaskEscrow", signature, packed(terms), agent_id, bytes.fromhex(DIGEST[2:]), b"")
        signature = f"release({TERMS_ABI};uint96;bytes)"
        self.send(BUYER, "TaskEscrow", signature, packed(terms), terms.budget, b"")


def packed(terms: Terms) -> tuple[object, ...]:
    hashes = ("parent", "content", "salt")
    return tuple(bytes.fromhex(v[2:]) if name in hashes else v for name, v in vars(terms).items())


@pytest.fixture(scope="module")
def market(
    rpc_url: str,
    database_url: str,
    deployment: deploy.Deployment,
    deployment_file: Path,
    run_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Market:
    deploy.fund(rpc_url, deployment, [BUYER.address], 100 * UNIT)
    with Chain(rpc_url) as chain:
        ids = play(Actor(chain, deployment))
    log = tmp_path_factory.mktemp("indexer") / "indexer.log"
    env = {**run_env, "DATABASE_URL": database_url, "RPC_URLS": rpc_url, "DEPLOYMENT_FILE": str(deployment_file)}
    env |= {"ENVIRONMENT": "development", "REDIS_URL": "redis://127.0.0.1:1/0", "CONTENT_DIR": str(log.parent)}
    env |= {"PUBLIC_URL": "http://127.0.0.1:1"}
    indexer = Service(Command("indexer", [sys.executable, "-m", "indexer.main"], env, log, cwd=ROOT))
    indexer.start()
    made = Market(rpc_url, database_url, deployment_file, *ids)
    try:
        result = audit(rpc_url, database_url, deployment_file, wait_seconds=30)
        assert result.equal, [str(found) for found in result.differences]
    finally:
        indexer.stop()
    # Stopped before rows are altered, and mined no further: the mirror stays at the head.
    with Chain(rpc_url) as chain:
        chain.ask("evm_setIntervalMining", 0)
        chain.ask("evm_setAutomine", False)
    return made


def play(actor: Actor) -> tuple[str, str]:
    contracts = actor.deployment.contracts
    for agent, name in ((AGENT, "a"), (UNPAYABLE, "b")):
        actor.send(agent, "IdentityRegistry", "register(string)", f"https://agents.example/{name}")
    actor.send(BUYER, "MockUSDC", "approve(address;uint256)", contracts["TaskEscrow"], 100 * UNIT)
    actor.send(BUYER, "MockUSDC", "approve(address;uint256)", contracts["PaymentChannel"], 100 * UNIT)
    paid, owed = actor.hire(AGENT, 20), actor.hire(UNPAYABLE, 30)
    actor.delegate(actor.hire(AGENT, 7, child_cap=5 * UNIT), participant_key(3), 5)
    actor.open_channel(4)
    actor.deliver(AGENT, 1, paid)
    signature = f"giveTaskFeedback({TERMS_ABI};uint256;int128;uint8;string;string;string;string;bytes32;bytes)"
    words = ("guildhall", "text.sort", "", "", bytes.fromhex(DIGEST[2:]), b"")
    actor.send(BUYER, "ReputationRegistry", signature, packed(paid), 1, 5, 0, *words)
    actor.send(role_key(Role.DEPLOYER), "MockUSDC", "blacklist(address)", UNPAYABLE.address)
    actor.deliver(UNPAYABLE, 2, owed)
    return actor.task_id(paid), actor.task_id(owed)


def test_books_balance_and_every_row_is_equal(market: Market) -> None:
    result = audit(market.rpc_url, market.database_url, market.deployment_file, wait_seconds=5)
    fee = {usdc: -(-usdc * UNIT * FEE_BPS // 10_000) for usdc in (2, 20, 30)}
    expected = Ledger(
        deposits=57 * UNIT,
        payouts=22 * UNIT - fee[20] - fee[2],
        refunds=0,
        fees=fee[2] + fee[20] + fee[30],
        owed=30 * UNIT - fee[30],
        held=5 * UNIT,
    )
    assert result.equal, [str(found) for found in result.differences]
    assert result.chain == expected
    assert result.database == expected
    assert expected.unexplained == 0
    assert result.channels == ChannelLedger(4 * UNIT, paid=UNIT, returned=0, tasks=0, left=3 * UNIT, owed=0)


def test_sees_a_channel_that_holds_less_than_it_owes(market: Market) -> None:
    """Money that left the contract without a word of it."""
    with Chain(market.rpc_url) as chain:
        document = json.loads(market.deployment_file.read_text())
        place, token = document["contracts"]["PaymentChannel"], document["contracts"]["MockUSDC"]
        before = chain.ask("evm_snapshot")
        slot = balance_slot(chain, token, place)
        chain.ask("anvil_setStorageAt", token, slot, "0x" + (2 * UNIT).to_bytes(32, "big").hex())
        chain.ask("evm_mine")
        try:
            with Rpc(market.rpc_url) as rpc:
                _, found = audit_channels(rpc, load(market.deployment_file), chain.block_number(), {})
        finally:
            chain.ask("evm_revert", before)
    assert [str(difference).split(":")[0] for difference in found] == [
        "token balance of the channels",
        "token balance of the channels below what is due",
        f"channels {found[-1].where.split()[-1]} row",
    ]


def balance_slot(chain: Chain, token: str, owner: str) -> str:
    """Where the token keeps an owner's balance: the mapping whose word is it."""
    balance = "0x" + (3 * UNIT).to_bytes(32, "big").hex()
    slots = ["0x" + keccak(encode(["address", "uint256"], [owner, at])).hex() for at in range(20)]
    return next(slot for slot in slots if chain.ask("eth_getStorageAt", token, slot, "latest") == balance)


ALTERATIONS = {
    "delegated": ("UPDATE chain.escrows SET delegated = delegated + 1 WHERE delegated > 0", "escrows"),
    "a channel's deposit": ("UPDATE chain.channels SET deposited = deposited + 1", "channels"),
    "a channel less": ("DELETE FROM chain.channels", "channels"),
    "remaining": ("UPDATE chain.escrows SET remaining = remaining + 1 WHERE task_id = %(paid)s", "escrows"),
    "state": ("UPDATE chain.escrows SET state = 2 WHERE task_id = %(owed)s", "escrows"),
    "payee": ("UPDATE chain.escrows SET payee = buyer WHERE task_id = %(paid)s", "escrows"),
    "salt": ("UPDATE chain.escrows SET salt = content WHERE task_id = %(paid)s", "escrows"),
    "one unit moved": ("UPDATE chain.escrows SET paid = paid - 1, refunded = 1 WHERE task_id = %(paid)s", "escrows"),
    "a task less": ("DELETE FROM chain.escrows WHERE task_id = %(paid)s", "escrows"),
    "owed": ("UPDATE chain.owed SET amount = amount - 1", "owed"),
    "agent's owner": ("UPDATE chain.agents SET owner = substring(sha256('x') FOR 20) WHERE agent_id = 1", "agents"),
    "agent's uri": ("UPDATE chain.agents SET uri = 'https://elsewhere.example' WHERE agent_id = 1", "agents"),
    "agent's wallet": ("UPDATE chain.agents SET wallet = NULL WHERE agent_id = 2", "agents"),
    "rating": ("UPDATE chain.feedback SET value = 1", "feedback"),
    "rating revoked": ("UPDATE chain.feedback SET revoked = true", "feedback"),
    "an event less": ("DELETE FROM chain.escrow_events WHERE name = 'TaskSubmitted'", "events"),
    "a block of another fork": ("UPDATE chain.cursors SET block_hash = sha256('x')", "cursor"),
}


@pytest.fixture
def copy(market: Market, postgres: Postgres) -> Market:
    """The same mirror in a database of its own."""
    name = psycopg.conninfo.conninfo_to_dict(market.database_url)["dbname"]
    return replace(market, database_url=postgres.create_database(str(name)))


@pytest.mark.parametrize("name", ALTERATIONS)
def test_sees_one_altered_row(copy: Market, name: str) -> None:
    statement, table = ALTERATIONS[name]
    alter(copy, statement)
    result = audit(copy.rpc_url, copy.database_url, copy.deployment_file, wait_seconds=0)
    assert not result.equal
    assert any(found.where.startswith(table) for found in result.differences), result.differences


def test_command_ends_with_1_and_names_the_difference(copy: Market) -> None:
    alter(copy, "UPDATE chain.escrows SET remaining = remaining + 1 WHERE task_id = %(paid)s")
    done = command(copy)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert not found["equal"]
    assert {"where": f"escrows {copy.paid}", "what": "remaining", "chain": 0, "database": 1} in found["differences"]


def test_command_ends_with_0_on_equal_books(market: Market) -> None:
    done = command(market)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["equal"]


def alter(market: Market, statement: str) -> None:
    values = {"paid": bytes.fromhex(market.paid[2:]), "owed": bytes.fromhex(market.owed[2:])}
    with psycopg.connect(market.database_url) as connection:
        changed = connection.execute(statement.encode(), values).rowcount
    assert changed >= 1


def command(market: Market) -> subprocess.CompletedProcess[str]:
    options = ["--rpc-url", market.rpc_url, "--database-url", market.database_url]
    options += ["--deployment", str(market.deployment_file), "--json", "--wait-seconds", "0"]
    argv = [sys.executable, "-m", "audit", *options]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
