"""The contracts on ape's own Anvil, and the people who use them. Run by `python -m devnet.contracts ape test`."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from ape.contracts import ContractContainer
from ethpm_types import ContractType
from typed_data import Domain

from devnet.artifacts import ARTIFACTS

FEE_BPS = 100
BUDGET = 100_000_000
DAY = 86_400


@dataclass(frozen=True)
class People:
    deployer: object
    buyer: object
    agent: object
    arbiter: object
    auctioneer: object
    carrier: object
    fee_owner: object
    worker: object


@dataclass(frozen=True)
class Contracts:
    usdc: object
    identity: object
    escrow: object
    reputation: object
    permit2: object
    channel: object

    def domain(self, chain_id: int) -> Domain:
        return Domain("Guildhall TaskEscrow", "1", chain_id, self.escrow.address)

    def usdc_domain(self, chain_id: int) -> Domain:
        return Domain(self.usdc.name(), self.usdc.version(), chain_id, self.usdc.address)

    def permit2_domain(self, chain_id: int) -> Domain:
        return Domain("Permit2", None, chain_id, self.permit2.address)

    def identity_domain(self, chain_id: int) -> Domain:
        return Domain("ERC8004IdentityRegistry", "1", chain_id, self.identity.address)

    def channel_domain(self, chain_id: int) -> Domain:
        return Domain("Guildhall PaymentChannel", "1", chain_id, self.channel.address)


@pytest.fixture
def people(accounts) -> People:
    return People(*accounts[:8])


@pytest.fixture
def contracts(people) -> Contracts:
    usdc = people.deployer.deploy(shipped("MockUSDC"))
    identity = people.deployer.deploy(shipped("IdentityRegistry"))
    permit2 = people.deployer.deploy(shipped("MockPermit2"))
    guardian = people.deployer.address
    registry = people.deployer.get_deployment_address(people.deployer.nonce + 1)
    places = (usdc.address, identity.address, registry, permit2.address)
    escrow = people.deployer.deploy(shipped("TaskEscrow"), *places, guardian, people.fee_owner.address, FEE_BPS)
    reputation = people.deployer.deploy(shipped("ReputationRegistry"), escrow.address, identity.address)
    usdc.mint(people.buyer, 10 * BUDGET, sender=people.deployer)
    identity.register("ipfs://agent", sender=people.agent)
    identity.register("ipfs://worker", sender=people.worker)
    channel = people.deployer.deploy(shipped("PaymentChannel"), escrow.address)
    return Contracts(usdc, identity, escrow, reputation, permit2, channel)


def shipped(name: str) -> ContractContainer:
    """The committed artifact, which test_artifacts.py compares with the sources: nothing is compiled once more."""
    artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
    bytecode = {"bytecode": artifact["bytecode"]}
    return ContractContainer(
        ContractType.model_validate({"contractName": name, "abi": artifact["abi"], "deploymentBytecode": bytecode})
    )


@pytest.fixture
def now(chain) -> int:
    return chain.blocks.head.timestamp


@pytest.fixture
def terms(people, now) -> dict[str, object]:
    """An auction's terms, in the order of the contract's struct."""
    return auctioned(people, now)


@pytest.fixture
def hire(people, now) -> Callable[..., dict[str, object]]:
    """Terms that hire the agent directly, with what is given changed."""
    return lambda **changed: auctioned(people, now) | {"agent": people.agent.address, "awardBy": 0} | changed


def auctioned(people: People, now: int) -> dict[str, object]:
    return {
        "buyer": people.buyer.address,
        "agent": "0x" + "00" * 20,
        "awarder": people.auctioneer.address,
        "arbiter": people.arbiter.address,
        "parent": bytes(32),
        "content": b"\x01" * 32,
        "salt": bytes(32),
        "budget": BUDGET,
        "childCap": 0,
        "awardBy": now + DAY,
        "deliverBy": now + 7 * DAY,
        "reviewSeconds": 3 * DAY,
        "vetoSeconds": 3_600,
        "arbiterSeconds": 5 * DAY,
        "defaultShareBps": 5_000,
    }
