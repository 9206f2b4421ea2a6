"""What buyers sign besides EIP-3009 for one task: a batch, a permit (EIP-2612), a Permit2 transfer with a witness."""

from collections.abc import Sequence
from typing import Any

from eth_utils.crypto import keccak

from app.chain.deployment import Deployment
from app.chain.typed_data import (
    AUTHORIZATION,
    Terms,
    TokenDomain,
    TypedData,
    domain_of,
    parse_type,
    task_id,
    typed_data,
)
from app.database import Address, Hash32, TaskId

MAX_BATCH = 32
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
PERMIT2_DOMAIN = "EIP712Domain(string name,uint256 chainId,address verifyingContract)"
PERMIT2_TRANSFER = (
    "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,"
    "bytes32 taskId)"
)
TOKEN_PERMISSIONS = "TokenPermissions(address token,uint256 amount)"  # noqa: S105 # a type string


def receive_batch_authorization(
    deployment: Deployment, token: TokenDomain, batch: Sequence[Terms], valid_after: int, valid_before: int
) -> TypedData:
    """EIP-3009 over the sum of tasks of one buyer; the nonce is the hash of their ids, in their order."""
    total = sum(terms.budget for terms in batch)
    nonce = batch_nonce([task_id(terms, deployment) for terms in batch])
    values = (batch[0].buyer, deployment.escrow, total, valid_after, valid_before, nonce)
    return typed_data(domain_of(deployment, token.name, token.version, deployment.token), AUTHORIZATION, values)


def batch_nonce(task_ids: Sequence[TaskId]) -> Hash32:
    """keccak256(abi.encodePacked(taskIds))."""
    return Hash32("0x" + keccak(b"".join(bytes.fromhex(each[2:]) for each in task_ids)).hex())


def permit(
    deployment: Deployment, token: TokenDomain, owner: Address, spender: Address, value: int, nonce: int, deadline: int
) -> TypedData:
    """An allowance (EIP-2612); `nonce` is the token's for the owner."""
    domain = domain_of(deployment, token.name, token.version, deployment.token)
    return typed_data(domain, PERMIT, (owner, spender, value, nonce, deadline))


def permit2_transfer(deployment: Deployment, permit2: Address, terms: Terms, nonce: int, deadline: int) -> TypedData:
    """Uniswap's signature transfer of exactly the budget, with the task id as witness. Its domain has no version."""
    name, members = parse_type(PERMIT2_TRANSFER)
    message: dict[str, Any] = {
        "permitted": {"token": deployment.token, "amount": terms.budget},
        "spender": deployment.escrow,
        "nonce": nonce,
        "deadline": deadline,
        "taskId": task_id(terms, deployment),
    }
    return {
        "types": {
            "EIP712Domain": parse_type(PERMIT2_DOMAIN)[1],
            name: members,
            "TokenPermissions": parse_type(TOKEN_PERMISSIONS)[1],
        },
        "primaryType": name,
        "domain": {"name": "Permit2", "chainId": deployment.chain_id, "verifyingContract": permit2},
        "message": message,
    }
