"""The way to a public chain, walked on Anvil under that chain's id, with its dollar at the dollar's address."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from devnet.binaries import ROOT
from devnet.deploy import Deployment
from devnet.keys import Role, role_key
from devnet.public_deploy import Deployed, Order, deploy_publicly, parameters_of
from devnet.public_networks import PUBLIC_NETWORKS, PublicNetwork
from devnet.release import DEPLOYMENT_PROXY, NAMES, PERMIT2, DeploymentFailed, release_steps
from devnet.rpc import Chain
from tests.conftest import Anvil

POLYGON = PUBLIC_NETWORKS["polygon"]
# The mock says of itself what Polygon's dollar says.
AMOY = replace(PUBLIC_NETWORKS["amoy"], name="USD Coin")
DEPLOYER_KEY = "0x" + "d1" * 32
DEPLOYER = Account.from_key(DEPLOYER_KEY).address
ROLES = {
    role: Account.from_key("0x" + f"{number:02x}" * 32).address
    for number, role in enumerate(("guardian", "fee owner", "relayer", "auctioneer", "arbiter"), start=0xA1)
}
TEN_COINS = hex(10 * 10**18)


class Crash(Exception):
    """The machine stops."""


class CrashingChain(Chain):
    """A real connection of a process that ends at its send after `sends`."""

    def __init__(self, rpc_url: str, sends: int) -> None:
        super().__init__(rpc_url)
        self.left = sends

    def ask(self, method: str, *params: object) -> Any:
        if method == "eth_sendRawTransaction":
            if self.left == 0:
                raise Crash
            self.left -= 1
        return super().ask(method, *params)


class BlindChain(Chain):
    """A real connection to a node that takes every trial for good, as one that lags may."""

    def ask(self, method: str, *params: object) -> Any:
        return "0x" if method == "eth_call" and "from" in str(params[0]) else super().ask(method, *params)


@pytest.fixture
def chain(anvil: Anvil, deployment: Deployment) -> Iterator[Chain]:
    """As Polygon is before the contracts come; what a test does to it is taken back."""
    with Chain(anvil.rpc_url) as chain:
        before = chain.ask("evm_snapshot")
        place(chain, POLYGON, deployment)
        yield chain
        chain.ask("anvil_setChainId", 31337)
        chain.ask("evm_revert", before)


def place(chain: Chain, network: PublicNetwork, deployment: Deployment) -> None:
    chain.ask("anvil_setChainId", network.chain_id)
    chain.ask("anvil_setCode", network.usdc, chain.code(deployment.contracts["MockUSDC"]))
    chain.ask("anvil_setCode", PERMIT2, chain.code(deployment.contracts["MockPermit2"]))
    chain.ask("anvil_setCode", deployment.contracts["Create3Factory"], "0x")
    chain.ask("anvil_setNonce", deployment.contracts["Create3Factory"], "0x0")
    chain.ask("anvil_setBalance", DEPLOYER, TEN_COINS)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        network=POLYGON,
        key=DEPLOYER_KEY,
        roles=ROLES,
        fee_bps=100,
        salt="",
        file=tmp_path / "deployment.json",
        start_block=None,
        may_spend=True,
        limit_seconds=20,
    )


def deployed(chain: Chain, order: Order) -> Deployed:
    return deploy_publicly(chain, order, said=lambda _: None)


def sent(chain: Chain) -> int:
    return int(chain.ask("eth_getTransactionCount", DEPLOYER, "latest"), 16)


def test_deploys_each_contract_once_and_records_it(chain: Chain, order: Order) -> None:
    first = deployed(chain, order)
    assert sent(chain) == 1 + len(NAMES)
    assert set(first.deployment.contracts) == {"USDC", "Permit2", "Create3Factory", *NAMES}
    assert first.deployment.chain_id == 137
    assert json.loads(order.file.read_text())["contracts"] == first.deployment.contracts
    assert deployed(chain, order) == first
    assert sent(chain) == 1 + len(NAMES)


def test_deploys_to_amoy(chain: Chain, order: Order, deployment: Deployment) -> None:
    place(chain, AMOY, deployment)
    assert deployed(chain, replace(order, network=AMOY)).deployment.chain_id == 80002


def test_addresses_are_known_before_and_depend_on_the_parameters(chain: Chain, order: Order) -> None:
    made = deployed(chain, order)
    assert [step.address for step in made.steps] == [s.address for s in release_steps(DEPLOYER, made.parameters)]
    other = release_steps(DEPLOYER, replace(made.parameters, guardian=ROLES["relayer"]))
    factory, *contracts = zip(made.steps, other, strict=True)
    assert factory[0].address == factory[1].address
    assert all(one.address != another.address for one, another in contracts)


@pytest.mark.parametrize("sends", range(1 + len(NAMES)))
def test_goes_on_after_a_crash_without_deploying_twice(anvil: Anvil, chain: Chain, order: Order, sends: int) -> None:
    before = chain.block_number()
    with CrashingChain(anvil.rpc_url, sends) as crashing, pytest.raises(Crash):
        deployed(crashing, order)
    assert not order.file.exists()
    made = deployed(chain, order)
    assert sent(chain) == 1 + len(NAMES)
    number = made.deployment.start_block
    assert number > before
    first = made.deployment.contracts[NAMES[0]]
    assert chain.ask("eth_getCode", first, hex(number - 1)) == "0x"


def test_waits_for_what_it_sent_before(chain: Chain, order: Order) -> None:
    chain.ask("evm_setAutomine", False)
    chain.ask("evm_setIntervalMining", 0)
    try:
        with pytest.raises(DeploymentFailed, match=r"Create3Factory was not mined in 0\.5 s"):
            deployed(chain, replace(order, limit_seconds=0.5))
        with pytest.raises(DeploymentFailed, match=r"1 transactions of the deployer .* wait to be mined"):
            deployed(chain, order)
    finally:
        chain.ask("evm_setAutomine", True)
    chain.ask("evm_mine")
    deployed(chain, order)
    assert sent(chain) == 1 + len(NAMES)


def test_asks_for_a_start_block_where_the_notes_are_lost(anvil: Anvil, chain: Chain, order: Order) -> None:
    before = chain.block_number()
    with CrashingChain(anvil.rpc_url, 3) as crashing, pytest.raises(Crash):
        deployed(crashing, order)
    order.file.with_suffix(".started").unlink()
    with pytest.raises(DeploymentFailed, match="--start-block"):
        deployed(chain, order)
    assert deployed(chain, replace(order, start_block=before)).deployment.start_block == before


def test_tells_the_cost_and_sends_nothing_without_permission(chain: Chain, order: Order) -> None:
    said: list[str] = []
    with pytest.raises(DeploymentFailed, match=r"nothing was sent; --yes spends at most \d\.\d+ POL"):
        deploy_publicly(chain, replace(order, may_spend=False), said.append)
    assert said[0].startswith("6 transactions, at most ")
    assert sent(chain) == 0


def test_the_cost_that_is_told_is_enough_and_not_much_more(chain: Chain, order: Order) -> None:
    said: list[str] = []
    before = chain.block_number()
    deploy_publicly(chain, order, said.append)
    told = int(said[0].split("at most ")[1].split(" gas")[0].replace(",", ""))
    blocks = [chain.ask("eth_getBlockByNumber", hex(n), False) for n in range(before + 1, chain.block_number() + 1)]
    used = sum(int(block["gasUsed"], 16) for block in blocks)
    assert used < told < 1.5 * used


def test_a_constructor_that_refuses_is_not_paid_for(chain: Chain, order: Order) -> None:
    with pytest.raises(
        DeploymentFailed, match=r"constructor of TaskEscrow refuses .*'feeBps', type='uint16', value=9999"
    ):
        deployed(chain, replace(order, fee_bps=9_999))
    assert sent(chain) == 1


def test_a_creation_that_reverts_ends_the_run(anvil: Anvil, chain: Chain, order: Order) -> None:
    with BlindChain(anvil.rpc_url) as blind, pytest.raises(DeploymentFailed, match="creation of TaskEscrow reverted"):
        deployed(blind, replace(order, fee_bps=9_999))
    assert sent(chain) == 2


def test_refuses_a_poor_deployer(chain: Chain, order: Order) -> None:
    chain.ask("anvil_setBalance", DEPLOYER, hex(10**15))
    with pytest.raises(DeploymentFailed, match=r"holds 0\.001000 POL of the"):
        deployed(chain, order)


def test_refuses_the_node_of_another_chain(chain: Chain, order: Order) -> None:
    chain.ask("anvil_setChainId", 80002)
    with pytest.raises(DeploymentFailed, match="of chain 80002, not 137"):
        deployed(chain, order)


def test_refuses_a_dollar_of_another_name(chain: Chain, order: Order, deployment: Deployment) -> None:
    place(chain, AMOY, deployment)
    with pytest.raises(DeploymentFailed, match=r"answers name\(\) with 'USD Coin', not 'USDC'"):
        deployed(chain, replace(order, network=PUBLIC_NETWORKS["amoy"]))


def test_refuses_a_contract_that_is_no_dollar(chain: Chain, order: Order, deployment: Deployment) -> None:
    chain.ask("anvil_setCode", POLYGON.usdc, chain.code(deployment.contracts["IdentityRegistry"]))
    with pytest.raises(DeploymentFailed, match=r"answers name\(\) with"):
        deployed(chain, order)
    chain.ask("anvil_setCode", POLYGON.usdc, "0x00")
    with pytest.raises(DeploymentFailed, match=r"does not answer name\(\)"):
        deployed(chain, order)


@pytest.mark.parametrize("address", [DEPLOYMENT_PROXY, PERMIT2, POLYGON.usdc])
def test_refuses_a_chain_that_lacks_what_is_built_upon(chain: Chain, order: Order, address: str) -> None:
    chain.ask("anvil_setCode", address, "0x")
    with pytest.raises(DeploymentFailed, match=f"is not at {address}"):
        deployed(chain, order)


@pytest.mark.parametrize("role", ROLES)
def test_refuses_a_published_account_in_each_role(chain: Chain, order: Order, role: str) -> None:
    published = role_key(Role.ARBITER).address
    with pytest.raises(DeploymentFailed, match=f"the key of {published} is published"):
        deployed(chain, replace(order, roles={**ROLES, role: published}))


def test_refuses_a_published_deployer(chain: Chain, order: Order) -> None:
    with pytest.raises(DeploymentFailed, match="is published"):
        deployed(chain, replace(order, key=role_key(Role.DEPLOYER).private_key))


def test_refuses_one_account_in_two_roles(chain: Chain, order: Order) -> None:
    with pytest.raises(DeploymentFailed, match="relayer and guardian are the same account"):
        deployed(chain, replace(order, roles={**ROLES, "relayer": ROLES["guardian"]}))


@pytest.mark.parametrize("address", ["0x" + "00" * 20, ROLES["arbiter"].lower(), "arbiter"])
def test_refuses_a_malformed_account(chain: Chain, order: Order, address: str) -> None:
    with pytest.raises(DeploymentFailed, match="no checksummed address: arbiter"):
        deployed(chain, replace(order, roles={**ROLES, "arbiter": address}))


def test_refuses_other_code_at_a_contracts_address(chain: Chain, order: Order, deployment: Deployment) -> None:
    escrow = next(s for s in release_steps(DEPLOYER, parameters_of(order)) if s.name == "TaskEscrow")
    chain.ask("anvil_setCode", escrow.address, chain.code(deployment.contracts["PaymentChannel"]))
    with pytest.raises(DeploymentFailed, match=f"at {escrow.address} lies other code than that of TaskEscrow"):
        deployed(chain, order)
    assert sent(chain) == 0


def test_refuses_a_contract_that_was_built_otherwise(chain: Chain, order: Order, deployment: Deployment) -> None:
    """The same code, over the development chain's token."""
    made = deployed(chain, order).deployment
    chain.ask("anvil_setCode", made.contracts["TaskEscrow"], chain.code(deployment.contracts["TaskEscrow"]))
    with pytest.raises(DeploymentFailed, match=r"TaskEscrow answers token\(\) with"):
        deployed(chain, order)


def test_refuses_a_file_that_records_another_deployment(chain: Chain, order: Order) -> None:
    deployed(chain, order)
    with pytest.raises(DeploymentFailed, match="records another deployment"):
        deployed(chain, replace(order, salt="second"))
    second = deployed(chain, replace(order, salt="second", file=order.file.with_name("second.json")))
    assert second.deployment.contracts["TaskEscrow"] != deployed(chain, order).deployment.contracts["TaskEscrow"]


def test_the_command_records_what_an_explorer_asks_for(chain: Chain, anvil: Anvil, tmp_path: Path) -> None:
    done = run_command(anvil, tmp_path, "--yes")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "contracts.json").read_text())
    assert set(record["contracts"]) == {"Create3Factory", *NAMES}
    for name, contract in record["contracts"].items():
        standard = json.loads((tmp_path / contract["standard_json"]).read_text())
        path = contract["contract"].removesuffix(f":{name}")
        assert standard["language"] == "Solidity"
        assert standard["sources"][path]["content"] == (ROOT / path).read_text()
        assert standard["settings"]["optimizer"]["runs"] == contract["optimizer_runs"]
        created = json.loads((ROOT / "contracts" / "artifacts" / f"{name}.json").read_text())["bytecode"]
        assert any(created[2:] + contract["constructor_arguments_encoded"] in data for data in inputs(chain)), name
    assert f"guardian = {ROLES['guardian']}" in done.stdout


def test_the_command_says_why_it_refuses(chain: Chain, anvil: Anvil, tmp_path: Path) -> None:
    done = run_command(anvil, tmp_path, "--guardian", ROLES["arbiter"])
    assert done.returncode == 1
    assert done.stderr == f"arbiter and guardian are the same account, {ROLES['arbiter']}\n"
    assert "Traceback" not in done.stderr
    assert sent(chain) == 0


def test_the_command_never_shows_the_nodes_url(tmp_path: Path) -> None:
    done = run_command(None, tmp_path)
    assert done.returncode == 1
    assert done.stderr == "the node does not answer (ConnectError)\n"


def run_command(anvil: Anvil | None, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`scripts/deploy` in an environment that is installed; without an Anvil at a port where nobody answers."""
    key_file = folder / "deployer.key"
    key_file.touch(0o600)
    key_file.write_text(DEPLOYER_KEY + "\n")
    argv = [sys.executable, "-m", "devnet.deploy_command", "--network", "polygon"]
    argv += ["--rpc-url", anvil.rpc_url if anvil else "http://127.0.0.1:1/secret"]
    argv += ["--deployer-key-file", str(key_file), "--file", str(folder / "deployment.json")]
    for role, address in ROLES.items():
        argv += [f"--{role.replace(' ', '-')}", address]
    return subprocess.run([*argv, *options], cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)


def inputs(chain: Chain) -> list[str]:
    """What the deployer sent, hexadecimal."""
    blocks = [chain.ask("eth_getBlockByNumber", hex(n), True) for n in range(1, chain.block_number() + 1)]
    sender = DEPLOYER.lower()
    return [str(tx["input"]) for block in blocks for tx in block["transactions"] if tx["from"] == sender]
