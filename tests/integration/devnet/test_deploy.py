"""The contracts come to a development chain once, and are recognised there."""

import json
from pathlib import Path

import pytest

from devnet import deploy as deploying
from devnet.deploy import Deployment, deploy, fund
from devnet.keys import Role, participant_key, role_key
from devnet.release import DeploymentFailed, function_abi
from devnet.rpc import Chain
from tests.conftest import Anvil


def test_every_contract_has_code(anvil: Anvil, deployment: Deployment, deployment_file: Path) -> None:
    with Chain(anvil.rpc_url) as chain:
        assert all(len(chain.code(address)) > 10 for address in deployment.contracts.values())
    written = json.loads(deployment_file.read_text())
    assert written["chain_id"] == 31337
    assert set(written["contracts"]) == {
        "MockUSDC",
        "MockPermit2",
        "Create3Factory",
        "IdentityRegistry",
        "TaskEscrow",
        "ReputationRegistry",
        "PaymentChannel",
        "SplitterFactory",
    }


def test_every_contract_knows_the_others(anvil: Anvil, deployment: Deployment) -> None:
    contracts = deployment.contracts
    told = {
        ("TaskEscrow", "token"): contracts["MockUSDC"],
        ("TaskEscrow", "identityRegistry"): contracts["IdentityRegistry"],
        ("TaskEscrow", "reputationRegistry"): contracts["ReputationRegistry"],
        ("TaskEscrow", "permit2"): contracts["MockPermit2"],
        ("TaskEscrow", "guardian"): role_key(Role.GUARDIAN).address,
        ("TaskEscrow", "feeOwner"): role_key(Role.FEE_OWNER).address,
        ("ReputationRegistry", "escrow"): contracts["TaskEscrow"],
        ("ReputationRegistry", "getIdentityRegistry"): contracts["IdentityRegistry"],
        ("PaymentChannel", "escrow"): contracts["TaskEscrow"],
        ("PaymentChannel", "token"): contracts["MockUSDC"],
        ("SplitterFactory", "token"): contracts["MockUSDC"],
        ("MockUSDC", "owner"): role_key(Role.DEPLOYER).address,
    }
    with Chain(anvil.rpc_url) as chain:
        for (name, read), address in told.items():
            (answer,) = chain.call(contracts[name], function_abi(name, read))
            assert str(answer).lower() == address.lower(), (name, read)


def test_is_not_deployed_twice(anvil: Anvil, deployment: Deployment, deployment_file: Path) -> None:
    assert deploy(anvil.rpc_url, deployment_file) == deployment


def test_deploys_anew_where_the_recorded_code_is_gone(anvil: Anvil, deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    stale = {**deployment.code_hashes, "TaskEscrow": "0" * 64}
    deploying.write_deployment(file, Deployment(**{**vars(deployment), "code_hashes": stale}))
    assert deploy(anvil.rpc_url, file).contracts["TaskEscrow"] != deployment.contracts["TaskEscrow"]


def test_mints_to_participants(anvil: Anvil, deployment: Deployment) -> None:
    address = participant_key(0).address
    fund(anvil.rpc_url, deployment, [address, participant_key(1).address], 7_000_000)
    with Chain(anvil.rpc_url) as chain:
        balance = chain.call(deployment.contracts["MockUSDC"], function_abi("MockUSDC", "balanceOf"), [address])
    assert balance == (7_000_000,)


def test_refuses_a_chain_that_is_not_for_development(anvil: Anvil, tmp_path: Path) -> None:
    with Chain(anvil.rpc_url) as chain:
        chain.ask("anvil_setChainId", 137)
        with pytest.raises(DeploymentFailed, match="137"):
            deploy(anvil.rpc_url, tmp_path / "deployment.json")
        chain.ask("anvil_setChainId", 31337)
