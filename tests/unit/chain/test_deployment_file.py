"""The deployment file is read once and refused with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from app.chain.deployment import load
from app.errors import DeploymentMalformed

NAMES = ("MockUSDC", "IdentityRegistry", "TaskEscrow", "ReputationRegistry")
GOOD: dict[str, Any] = {
    "chain_id": 31337,
    "start_block": 4,
    "contracts": {name: Account.from_key(bytes([n]) * 32).address for n, name in enumerate(NAMES, 1)},
}


def test_reads_where_the_contracts_are(tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    file.write_text(json.dumps(GOOD))
    deployment = load(file)
    assert (deployment.chain_id, deployment.start_block, deployment.version) == (31337, 4, "1")
    assert deployment.token == GOOD["contracts"]["MockUSDC"]
    assert deployment.reputation == GOOD["contracts"]["ReputationRegistry"]


def test_a_public_network_has_its_own_token(tmp_path: Path) -> None:
    usdc, channels = (Account.from_key(bytes([n]) * 32).address for n in (7, 8))
    contracts = {name: address for name, address in GOOD["contracts"].items() if name != "MockUSDC"}
    file = tmp_path / "deployment.json"
    file.write_text(json.dumps(GOOD | {"contracts": contracts | {"USDC": usdc, "PaymentChannel": channels}}))
    assert (load(file).token, load(file).channels) == (usdc, channels)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(GOOD | {"contracts": {}}),
        json.dumps(GOOD | {"chain_id": None}),
        json.dumps(GOOD | {"contracts": {name: value.lower() for name, value in GOOD["contracts"].items()}}),
    ],
)
def test_refuses_what_it_cannot_use(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deployment.json"
    file.write_text(text)
    with pytest.raises(DeploymentMalformed, match="cannot be used"):
        load(file)
