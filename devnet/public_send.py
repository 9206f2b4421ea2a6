"""Sends a deployment's transactions to a public chain, one at a time, after saying what they cost at most."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.release import DeploymentFailed, Step
from devnet.rpc import Chain, RpcFailed

GWEI, ETHER = 10**9, 10**18
# Polygon's pools take no less.
LEAST_TIP_WEI = 25 * GWEI
# An upper bound of what a creation costs: 200 gas for a byte of code that stays, at most 16 for one that is sent, a
# little for memory, and the fixed part.
CREATION_GAS, GAS_A_BYTE = 300_000, 230
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Fees:
    """Wei for a unit of gas, as EIP-1559 names them."""

    most: int
    tip: int


@dataclass(frozen=True)
class Spending:
    """`may_spend` is the deployer's word; `limit_seconds` is how long each transaction may take to be mined."""

    account: LocalAccount
    may_spend: bool
    limit_seconds: float


def send_steps(chain: Chain, steps: Sequence[Step], spending: Spending, said: Callable[[str], None]) -> None:
    """Raises DeploymentFailed before anything is sent where money, permission or an earlier transaction is missing."""
    fees = current_fees(chain)
    gas = sum(gas_limit(step) for step in steps)
    said(f"{len(steps)} transactions, at most {gas:,} gas at {fees.most / GWEI:,.1f} gwei: {in_ether(gas * fees.most)}")
    require_money(chain, spending.account.address, gas * fees.most)
    require_nothing_waiting(chain, spending.account.address)
    if not spending.may_spend:
        raise DeploymentFailed(f"nothing was sent; --yes spends at most {in_ether(gas * fees.most)}")
    for step in steps:
        said(f"{step.name} to {step.address}: {send_step(chain, step, spending)}")


def send_step(chain: Chain, step: Step, spending: Spending) -> str:
    """The hash of the transaction, once it is mined. Raises DeploymentFailed, RpcFailed."""
    fees, account = current_fees(chain), spending.account
    require_success(chain, step, account.address)
    transaction = {
        "type": 2,
        "chainId": chain.chain_id(),
        "nonce": transaction_count(chain, account.address, "latest"),
        "maxFeePerGas": fees.most,
        "maxPriorityFeePerGas": fees.tip,
        "gas": gas_limit(step),
        "to": step.to,
        "value": 0,
        "data": step.data,
    }
    signed = Account.sign_transaction(transaction, account.key)
    tx_hash = str(chain.ask("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex()))
    require_mined(chain, step, tx_hash, spending.limit_seconds)
    return tx_hash


def require_success(chain: Chain, step: Step, sender: str) -> None:
    """Tried before it is paid for."""
    try:
        chain.ask("eth_call", {"from": sender, "to": step.to, "data": step.data}, "latest")
    except RpcFailed as error:
        raise DeploymentFailed(f"the constructor of {step.name} refuses its arguments: {step.arguments}") from error


def require_mined(chain: Chain, step: Step, tx_hash: str, limit_seconds: float) -> None:
    deadline = time.monotonic() + limit_seconds
    while (receipt := chain.ask("eth_getTransactionReceipt", tx_hash)) is None:
        if time.monotonic() > deadline:
            raise DeploymentFailed(
                f"{step.name} was not mined in {limit_seconds:g} s ({tx_hash}); run again once it is, or is dropped"
            )
        time.sleep(POLL_SECONDS)
    if int(receipt["status"], 16) != 1:
        raise DeploymentFailed(f"the creation of {step.name} reverted ({tx_hash})")


def current_fees(chain: Chain) -> Fees:
    """Twice the base fee, so that six full blocks in a row do not leave a transaction behind."""
    tip = max(LEAST_TIP_WEI, int(chain.ask("eth_maxPriorityFeePerGas"), 16))
    base = int(chain.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    return Fees(2 * base + tip, tip)


def gas_limit(step: Step) -> int:
    return CREATION_GAS + GAS_A_BYTE * (len(step.data) // 2)


def require_money(chain: Chain, address: str, wei: int) -> None:
    balance = int(chain.ask("eth_getBalance", address, "latest"), 16)
    if balance < wei:
        raise DeploymentFailed(
            f"the deployer {address} holds {in_ether(balance)} of the {in_ether(wei)} that it may take"
        )


def require_nothing_waiting(chain: Chain, address: str) -> None:
    """A creation of an earlier run may be among them."""
    waiting = transaction_count(chain, address, "pending") - transaction_count(chain, address, "latest")
    if waiting:
        raise DeploymentFailed(f"{waiting} transactions of the deployer {address} wait to be mined; run again later")


def transaction_count(chain: Chain, address: str, block: str) -> int:
    return int(chain.ask("eth_getTransactionCount", address, block), 16)


def in_ether(wei: int) -> str:
    return f"{wei / ETHER:.6f} POL"
