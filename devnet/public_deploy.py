"""Puts the contracts on a public chain: refuses first, then says what it costs, then sends.

Nothing is deployed twice. A run that was cut off is run again: what already lies at its address is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.deploy import Deployment, code_hash, is_on_chain, read_deployment, write_deployment
from devnet.public_networks import PublicNetwork, require_network, require_own_accounts
from devnet.public_send import Spending, send_steps
from devnet.release import (
    FACTORY,
    PERMIT2,
    Argument,
    DeploymentFailed,
    Parameters,
    Step,
    artifact,
    function_abi,
    is_code_of,
    release_steps,
)
from devnet.rpc import Chain


@dataclass(frozen=True)
class Order:
    """What somebody asked for.

    `roles` are the operator's addresses by name, "guardian" and "fee owner" among them; `start_block` is where
    indexing starts, needed where an earlier run left contracts and its notes are lost.
    """

    network: PublicNetwork
    key: str
    roles: dict[str, str]
    fee_bps: int
    salt: str
    file: Path
    start_block: int | None
    may_spend: bool
    limit_seconds: float


@dataclass(frozen=True)
class Deployed:
    deployment: Deployment
    deployer: str
    parameters: Parameters
    steps: list[Step]


def deploy_publicly(chain: Chain, order: Order, said: Callable[[str], None]) -> Deployed:
    """Deploys what is not there yet, and records it. Raises DeploymentFailed, RpcFailed, httpx.HTTPError."""
    account: LocalAccount = Account.from_key(order.key)
    require_own_accounts(order.roles, account.address)
    require_network(chain, order.network)
    parameters = parameters_of(order)
    steps = release_steps(account.address, parameters)
    missing = missing_steps(chain, steps)
    start_block = first_block(chain, order, steps, missing)
    if missing:
        send_steps(chain, missing, Spending(account, order.may_spend, order.limit_seconds), said)
    for step in missing:
        require_as_built(chain, step)
    return Deployed(recorded(chain, order, steps, start_block), account.address, parameters, steps)


def parameters_of(order: Order) -> Parameters:
    return Parameters(
        token=order.network.usdc,
        permit2=PERMIT2,
        guardian=order.roles["guardian"],
        fee_owner=order.roles["fee owner"],
        fee_bps=order.fee_bps,
        salt=order.salt,
    )


def missing_steps(chain: Chain, steps: Sequence[Step]) -> list[Step]:
    """Those whose address is empty. Raises DeploymentFailed where anything else than the contract lies at one."""
    missing = [step for step in steps if chain.code(step.address) == "0x"]
    for step in steps:
        if step not in missing:
            require_as_built(chain, step)
    return missing


def require_as_built(chain: Chain, step: Step) -> None:
    """Raises DeploymentFailed unless the contract has the code that was meant, and says of itself what it was told."""
    if not is_code_of(step.name, chain.code(step.address)):
        raise DeploymentFailed(f"at {step.address} lies other code than that of {step.name}; choose another --salt")
    reads = {entry["name"] for entry in artifact(step.name)["abi"] if entry["type"] == "function"}
    for argument in step.arguments:
        if argument.name in reads:
            require_answer(chain, step, argument)


def require_answer(chain: Chain, step: Step, argument: Argument) -> None:
    actual = chain.call(step.address, function_abi(step.name, argument.name))[0]
    if str(actual).lower() != str(argument.value).lower():
        raise DeploymentFailed(f"{step.name} answers {argument.name}() with {actual}, not {argument.value}")


def first_block(chain: Chain, order: Order, steps: Sequence[Step], missing: Sequence[Step]) -> int:
    """Where indexing starts: noted before the first transaction, for the run that may have to go on.

    The factory is anybody's and does not count.
    """
    known = read_deployment(order.file)
    if known is not None and is_on_chain(chain, known):
        require_same_contracts(known, steps, order.file)
        return known.start_block
    note = order.file.with_suffix(".started")
    if {step.name for step in steps} - {step.name for step in missing} <= {FACTORY}:
        number = chain.block_number() + 1
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(number))
        return number
    if order.start_block is not None:
        return order.start_block
    if note.exists():
        return int(note.read_text())
    raise DeploymentFailed("contracts of an earlier run are there: name a block before them with --start-block")


def require_same_contracts(known: Deployment, steps: Sequence[Step], file: Path) -> None:
    if any(known.contracts.get(step.name) != step.address for step in steps):
        raise DeploymentFailed(f"{file} records another deployment; name another --file")


def recorded(chain: Chain, order: Order, steps: Sequence[Step], start_block: int) -> Deployment:
    deployment = Deployment(
        chain_id=order.network.chain_id,
        start_block=start_block,
        start_block_hash=chain.block_hash(start_block) or "",
        contracts={"USDC": order.network.usdc, "Permit2": PERMIT2} | {step.name: step.address for step in steps},
        code_hashes={step.name: code_hash(chain, step.address) for step in steps},
    )
    write_deployment(order.file, deployment)
    order.file.with_suffix(".started").unlink(missing_ok=True)
    return deployment
