"""Every EIP-712 message, rebuilt by the client from values it holds.

This is written a second time on purpose: the service has its own, and a client that signed whatever
the service's code produced would have to trust it. `refuse_difference` compares the two.
"""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from sdk.errors import SignatureRefused
from sdk.network import Network
from sdk.terms import Bid, Terms, message_of

TypedData = dict[str, Any]
Types = dict[str, list[dict[str, str]]]

MESSAGES = {
    "Fund": "bytes32 taskId,uint40 deadline",
    "Award": "bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline",
    "Bid": "bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,"
    "uint40 minWorkSeconds,uint40 validUntil,bytes32 salt",
    "BidCommit": "bytes32 auctionId,bytes32 commitment,uint256 agentId",
    "RevokeBid": "bytes32 bidDigest,uint40 deadline",
    "Veto": "bytes32 taskId,uint40 deadline",
    "Submit": "bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline",
    "Release": "bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline",
    "Claim": "bytes32 taskId,uint96 remaining,uint40 deadline",
    "Cancel": "bytes32 taskId,uint96 remaining,uint40 deadline",
    "Dispute": "bytes32 taskId,bytes32 evidence,uint40 deadline",
    "Settle": "bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline",
    "Rule": "bytes32 taskId,uint96 remaining,uint16 shareBps,bytes32 reasons,uint40 deadline",
    "TaskFeedback": "bytes32 taskId,uint256 agentId,int128 value,uint8 valueDecimals,string tag1,string tag2,"
    "string endpoint,string feedbackURI,bytes32 feedbackHash,uint40 deadline",
    "BuyerReview": "bytes32 taskId,uint256 agentId,address buyer,uint8 stars,bytes32 commentHash",
    "ReviewReply": "bytes32 taskId,address reviewer,bytes32 replyHash",
    "Register": "address owner,string agentURI,uint256 nonce,uint256 deadline",
    "ReceiveWithAuthorization": "address from,address to,uint256 value,uint256 validAfter,"
    "uint256 validBefore,bytes32 nonce",
    "Permit": "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline",
    "PermitWitnessTransferFrom": "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,"
    "bytes32 taskId",
    "TokenPermissions": "address token,uint256 amount",
    "Voucher": "bytes32 channelId,address payee,uint96 cumulative",
    "StartClose": "bytes32 channelId,uint40 deadline",
    "CancelAuthorization": "address authorizer,bytes32 nonce",
    "EIP712Domain": "string name,string version,uint256 chainId,address verifyingContract",
}
TERMS_ABI = (
    "(address,address,address,address,bytes32,bytes32,bytes32,uint96,uint96,uint40,uint40,uint32,uint32,uint32,uint16)"
)


def task_id(terms: Terms, network: Network) -> str:
    """keccak256(abi.encode(deployment chain id, escrow, terms))."""
    values = tuple(
        bytes.fromhex(value[2:]) if name in ("parent", "content", "salt") else value
        for name, value in vars(terms).items()
    )
    encoded = encode(["uint256", "address", TERMS_ABI], [network.chain_id, network.escrow, values])
    return "0x" + keccak(encoded).hex()


def bid_digest(bid: Bid, network: Network) -> str:
    """The EIP-712 digest that the agent signs, which names the bid from then on."""
    message = encode_typed_data(full_message=escrow_message("Bid", message_of(bid), network))
    return "0x" + keccak(b"\x19" + message.version + message.header + message.body).hex()


def escrow_message(name: str, message: dict[str, Any], network: Network) -> TypedData:
    """An intent in the domain ("Guildhall TaskEscrow", "1", chain id, escrow)."""
    return typed(name, message, "Guildhall TaskEscrow", "1", network.chain_id, network.escrow)


def commit_message(auction_id: str, commitment: str, agent_id: int, network: Network) -> TypedData:
    """An agent's word that it takes part, in the domain ("Guildhall Auctions", "1", chain id, escrow)."""
    message = {"auctionId": auction_id, "commitment": commitment, "agentId": agent_id}
    return typed("BidCommit", message, "Guildhall Auctions", "1", network.chain_id, network.escrow)


def feedback_message(message: dict[str, Any], network: Network) -> TypedData:
    name = "Guildhall ReputationRegistry"
    return typed("TaskFeedback", message, name, "1", network.chain_id, network.reputation)


def review_message(name: str, message: dict[str, Any], network: Network) -> TypedData:
    """A word that no contract reads, in the domain ("Guildhall Reviews", "1", chain id, reputation registry)."""
    return typed(name, message, "Guildhall Reviews", "1", network.chain_id, network.reputation)


def register_message(message: dict[str, Any], network: Network) -> TypedData:
    return typed("Register", message, "ERC8004IdentityRegistry", "1", network.chain_id, network.identity)


def authorization_message(terms: Terms, valid_after: int, valid_before: int, network: Network) -> TypedData:
    """EIP-3009: the escrow may draw exactly the budget, once, under the task id as nonce."""
    return draw(terms.buyer, terms.budget, task_id(terms, network), valid_after, valid_before, network)


def batch_message(batch: Sequence[Terms], valid_after: int, valid_before: int, network: Network) -> TypedData:
    """EIP-3009 over the sum of several tasks' budgets, under the hash of their ids as nonce."""
    ids = b"".join(bytes.fromhex(task_id(terms, network)[2:]) for terms in batch)
    total = sum(terms.budget for terms in batch)
    return draw(batch[0].buyer, total, "0x" + keccak(ids).hex(), valid_after, valid_before, network)


def draw(payer: str, amount: int, nonce: str, valid_after: int, valid_before: int, network: Network) -> TypedData:
    """EIP-3009 for the escrow."""
    return drawn_by(network.escrow, payer, amount, nonce, valid_after, valid_before, network)


def drawn_by(
    contract: str, payer: str, amount: int, nonce: str, valid_after: int, valid_before: int, network: Network
) -> TypedData:
    """EIP-3009: `contract` takes `amount` base units from the payer, once for each nonce."""
    message = {
        "from": payer,
        "to": contract,
        "value": amount,
        "validAfter": valid_after,
        "validBefore": valid_before,
        "nonce": nonce,
    }
    return token_message("ReceiveWithAuthorization", message, network)


def permit_message(terms: Terms, nonce: int, deadline: int, network: Network) -> TypedData:
    """EIP-2612: an allowance of exactly the budget for the escrow."""
    message = {"owner": terms.buyer, "spender": network.escrow, "value": terms.budget}
    return token_message("Permit", {**message, "nonce": nonce, "deadline": deadline}, network)


def permit2_message(terms: Terms, nonce: int, deadline: int, network: Network) -> TypedData:
    """Uniswap's Permit2 with the task id as witness; its domain has no version. Raises SignatureRefused without one."""
    if network.permit2 is None:
        raise SignatureRefused("domain.verifyingContract", "a Permit2", None)
    message = {
        "permitted": {"token": network.token.address, "amount": terms.budget},
        "spender": network.escrow,
        "nonce": nonce,
        "deadline": deadline,
        "taskId": task_id(terms, network),
    }
    found = typed("PermitWitnessTransferFrom", message, "Permit2", "", network.chain_id, network.permit2)
    found["types"]["EIP712Domain"] = [each for each in members("EIP712Domain") if each["name"] != "version"]
    found["types"]["TokenPermissions"] = members("TokenPermissions")
    del found["domain"]["version"]
    return found


def token_message(primary: str, message: dict[str, Any], network: Network) -> TypedData:
    token = network.token
    return typed(primary, message, token.name, token.version, network.chain_id, token.address)


def typed(primary: str, message: dict[str, Any], name: str, version: str, chain_id: int, contract: str) -> TypedData:
    return {
        "types": {"EIP712Domain": members("EIP712Domain"), primary: members(primary)},
        "primaryType": primary,
        "domain": {"name": name, "version": version, "chainId": chain_id, "verifyingContract": contract},
        "message": message,
    }


def members(struct: str) -> list[dict[str, str]]:
    pairs = (member.split(" ") for member in MESSAGES[struct].split(","))
    return [{"name": name, "type": kind} for kind, name in pairs]


def refuse_difference(ours: TypedData, theirs: TypedData) -> None:
    """Raises SignatureRefused at the first member that is missing, added or different."""
    primary, types = ours["primaryType"], ours["types"]
    equal("primaryType", primary, theirs.get("primaryType"))
    equal("types", types, {"EIP712Domain": types["EIP712Domain"], **theirs.get("types", {})})
    for part, struct in (("domain", "EIP712Domain"), ("message", primary)):
        refuse_different_struct(part, struct, types, ours[part], theirs.get(part, {}))


def refuse_different_struct(path: str, struct: str, types: Types, ours: dict[str, Any], theirs: Any) -> None:
    """Member by member, structs within structs."""
    equal(f"{path} members", sorted(ours), sorted(theirs))
    for member in types[struct]:
        name, kind = member["name"], member["type"]
        if kind in types:
            refuse_different_struct(f"{path}.{name}", kind, types, ours[name], theirs[name])
        else:
            equal(f"{path}.{name}", *(canonical(side, kind) for side in (ours[name], theirs[name])))


def canonical(value: object, kind: str) -> object:
    """One form per type: a number above 2^53 travels as a decimal string, hex in either case."""
    if "int" in kind:
        digits = str(value)
        return int(digits) if digits.isascii() and digits.removeprefix("-").isdigit() else value
    return str(value).lower() if kind in ("address", "bytes32") else value


def equal(path: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise SignatureRefused(path, ours, theirs)
