"""Terms, bids and every message that somebody signs, as EIP-712 typed data.

The structs and type strings are those of contracts/src/interfaces, field by field; the tests hold them equal to a
deployed contract's own digests. Amounts are base units, times are unix seconds of the chain.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from typing import Any, Self, TypedDict

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from app.chain.deployment import Deployment
from app.database import Address, Digest, Hash32, TaskId

ZERO_ADDRESS = Address("0x" + "0" * 40)
ZERO_HASH = Hash32("0x" + "0" * 64)

DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
BID = (
    "Bid(bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,uint40 minWorkSeconds,"
    "uint40 validUntil,bytes32 salt)"
)
FEEDBACK = (
    "TaskFeedback(bytes32 taskId,uint256 agentId,int128 value,uint8 valueDecimals,string tag1,string tag2,"
    "string endpoint,string feedbackURI,bytes32 feedbackHash,uint40 deadline)"
)
AUTHORIZATION = (
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,"
    "bytes32 nonce)"
)
TERMS_ABI = (
    "(address,address,address,address,bytes32,bytes32,bytes32,uint96,uint96,uint40,uint40,uint32,uint32,uint32,uint16)"
)


class TypedData(TypedDict):
    """The whole message as eth_signTypedData_v4 and eth_account.encode_typed_data(full_message=...) take it."""

    types: dict[str, list[dict[str, str]]]
    primaryType: str
    domain: dict[str, Any]
    message: dict[str, Any]


class Struct:
    """A Solidity struct as a frozen dataclass: snake_case here, the contract's camelCase in messages."""

    def message(self) -> dict[str, Any]:
        return {camel(name): value for name, value in vars(self).items()}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Self:
        """The struct of a camelCase mapping. Raises KeyError where a field is missing."""
        return cls(**{field.name: message[camel(field.name)] for field in fields(cls)})  # type: ignore[arg-type]  # every subclass is a dataclass

    def abi(self) -> tuple[Any, ...]:
        """The fields in the contract's order, hashes as bytes, ready for ABI encoding."""
        return tuple(abi_value(value) for value in astuple(self))  # type: ignore[call-overload]  # every subclass is a dataclass


@dataclass(frozen=True)
class Terms(Struct):
    """What buyer and agent agree on."""

    buyer: Address
    agent: Address
    awarder: Address
    arbiter: Address
    parent: Hash32
    content: Hash32
    salt: Hash32
    budget: int
    child_cap: int
    award_by: int
    deliver_by: int
    review_seconds: int
    veto_seconds: int
    arbiter_seconds: int
    default_share_bps: int


@dataclass(frozen=True)
class Bid(Struct):
    """An agent's signed offer for one task."""

    task_id: TaskId
    agent_id: int
    agent: Address
    payee: Address
    min_price: int
    min_work_seconds: int
    valid_until: int
    salt: Hash32


@dataclass(frozen=True)
class TokenDomain:
    """The token's own EIP-712 name and version, read from the token at start."""

    name: str
    version: str


def task_id(terms: Terms, deployment: Deployment) -> TaskId:
    """keccak256(abi.encode(deployment chain id, escrow, terms)). Raises eth_abi.EncodingError out of range."""
    values = [deployment.chain_id, deployment.escrow, terms.abi()]
    return TaskId(Hash32("0x" + keccak(encode(["uint256", "address", TERMS_ABI], values)).hex()))


def bid_digest(offer: Bid, deployment: Deployment) -> Digest:
    """The EIP-712 digest that the agent signs and an award names, by hand: bids come by the hundred."""
    words = (word(value) for value in astuple(offer))
    return digest_of_struct(escrow_separator(deployment), keccak(bid_type_hash() + b"".join(words)))


def digest_of_struct(separator: bytes, struct_hash: bytes) -> Digest:
    """keccak256(0x1901, domain separator, struct hash), EIP-712."""
    return Digest(Hash32("0x" + keccak(b"\x19\x01" + separator + struct_hash).hex()))


def word(value: int | str) -> bytes:
    """A number, an address or a hash as EIP-712 encodes it: 32 bytes."""
    return value.to_bytes(32, "big") if isinstance(value, int) else bytes.fromhex(value[2:]).rjust(32, b"\0")


@lru_cache(maxsize=1)
def bid_type_hash() -> bytes:
    return keccak(BID.encode())


@lru_cache(maxsize=8)
def escrow_separator(deployment: Deployment) -> bytes:
    """Of the domain that the escrow's messages are signed in."""
    return separator_of(deployment, "Guildhall TaskEscrow", "1")


def separator_of(deployment: Deployment, name: str, version: str) -> bytes:
    """The EIP-712 separator of a domain at the escrow's address."""
    names = keccak(DOMAIN.encode()) + keccak(name.encode()) + keccak(version.encode())
    return keccak(names + word(deployment.chain_id) + word(deployment.escrow))


def digest(typed: TypedData) -> Digest:
    """keccak256(0x1901, domain separator, struct hash), EIP-712."""
    signable = encode_typed_data(full_message=dict(typed))
    return Digest(Hash32("0x" + keccak(b"\x19" + signable.version + signable.header + signable.body).hex()))


def fund(deployment: Deployment, task: TaskId, deadline: int) -> TypedData:
    """The buyer's leave to take the budget by allowance."""
    return escrow_message(deployment, "Fund(bytes32 taskId,uint40 deadline)", task, deadline)


def receive_authorization(
    deployment: Deployment, token: TokenDomain, terms: Terms, valid_after: int, valid_before: int
) -> TypedData:
    """EIP-3009: the buyer moves the budget into the escrow; the nonce is the task id."""
    values = (terms.buyer, deployment.escrow, terms.budget, valid_after, valid_before, task_id(terms, deployment))
    domain = domain_of(deployment, token.name, token.version, deployment.token)
    return typed_data(domain, AUTHORIZATION, values)


def award(
    deployment: Deployment, task: TaskId, bid: Digest, price: int, transcript: Hash32, deadline: int
) -> TypedData:
    """The awarder's choice of a signed bid at a price."""
    types = "Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)"
    return escrow_message(deployment, types, task, bid, price, transcript, deadline)


def bid(deployment: Deployment, offer: Bid) -> TypedData:
    """The agent's offer."""
    return escrow_message(deployment, BID, *astuple(offer))


def revoke_bid(deployment: Deployment, bid: Digest, deadline: int) -> TypedData:
    """The agent takes his bid back for ever."""
    return escrow_message(deployment, "RevokeBid(bytes32 bidDigest,uint40 deadline)", bid, deadline)


def veto(deployment: Deployment, task: TaskId, deadline: int) -> TypedData:
    return escrow_message(deployment, "Veto(bytes32 taskId,uint40 deadline)", task, deadline)


def submit(
    deployment: Deployment, task: TaskId, agent_id: int, deliverable: Hash32, since: int, deadline: int
) -> TypedData:
    """`since` is the time at which the task entered its present state, so that an old submission cannot return."""
    types = "Submit(bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline)"
    return escrow_message(deployment, types, task, agent_id, deliverable, since, deadline)


def release(deployment: Deployment, task: TaskId, remaining: int, amount: int, deadline: int) -> TypedData:
    types = "Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)"
    return escrow_message(deployment, types, task, remaining, amount, deadline)


def claim(deployment: Deployment, task: TaskId, remaining: int, deadline: int) -> TypedData:
    types = "Claim(bytes32 taskId,uint96 remaining,uint40 deadline)"
    return escrow_message(deployment, types, task, remaining, deadline)


def cancel(deployment: Deployment, task: TaskId, remaining: int, deadline: int) -> TypedData:
    """For `cancel` and, signed by both parties, for `cancelTogether`."""
    types = "Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)"
    return escrow_message(deployment, types, task, remaining, deadline)


def dispute(deployment: Deployment, task: TaskId, evidence: Hash32, deadline: int) -> TypedData:
    types = "Dispute(bytes32 taskId,bytes32 evidence,uint40 deadline)"
    return escrow_message(deployment, types, task, evidence, deadline)


def settle(deployment: Deployment, task: TaskId, remaining: int, to_agent: int, deadline: int) -> TypedData:
    types = "Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)"
    return escrow_message(deployment, types, task, remaining, to_agent, deadline)


def rule(
    deployment: Deployment, task: TaskId, remaining: int, share_bps: int, reasons: Hash32, deadline: int
) -> TypedData:
    types = "Rule(bytes32 taskId,uint96 remaining,uint16 shareBps,bytes32 reasons,uint40 deadline)"
    return escrow_message(deployment, types, task, remaining, share_bps, reasons, deadline)


@dataclass(frozen=True)
class Feedback(Struct):
    """What a buyer says about a finished task, in ERC-8004's words."""

    agent_id: int
    value: int
    value_decimals: int
    tag1: str
    tag2: str
    endpoint: str
    feedback_uri: str
    feedback_hash: Hash32


def task_feedback(deployment: Deployment, task: TaskId, feedback: Feedback, deadline: int) -> TypedData:
    domain = domain_of(deployment, "Guildhall ReputationRegistry", "1", deployment.reputation)
    return typed_data(domain, FEEDBACK, (task, *astuple(feedback), deadline))


def register(deployment: Deployment, owner: Address, agent_uri: str, nonce: int, deadline: int) -> TypedData:
    """An owner's leave to register an agent for him."""
    types = "Register(address owner,string agentURI,uint256 nonce,uint256 deadline)"
    return identity_message(deployment, types, owner, agent_uri, nonce, deadline)


def register_by_digest(deployment: Deployment, owner: Address, card: Digest, nonce: int, deadline: int) -> TypedData:
    """As `register`, for the IPFS URI of a card whose SHA-256 is `card`; the two share their nonces."""
    types = "RegisterByDigest(address owner,bytes32 digest,uint256 nonce,uint256 deadline)"
    return identity_message(deployment, types, owner, card, nonce, deadline)


def set_agent_wallet(deployment: Deployment, agent_id: int, wallet: Address, nonce: int, deadline: int) -> TypedData:
    """The owner's leave to change the wallet; `nonce` counts the changes so far."""
    types = "SetAgentWallet(uint256 agentId,address newWallet,uint256 nonce,uint256 deadline)"
    return identity_message(deployment, types, agent_id, wallet, nonce, deadline)


def agent_wallet_set(
    deployment: Deployment, agent_id: int, wallet: Address, owner: Address, deadline: int
) -> TypedData:
    """The new wallet's proof of control (ERC-8004); `deadline` is at most five minutes ahead."""
    types = "AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"
    return identity_message(deployment, types, agent_id, wallet, owner, deadline)


def identity_message(deployment: Deployment, type_string: str, *values: Any) -> TypedData:
    return typed_data(domain_of(deployment, "ERC8004IdentityRegistry", "1", deployment.identity), type_string, values)


def escrow_message(deployment: Deployment, type_string: str, *values: Any) -> TypedData:
    return typed_data(domain_of(deployment, "Guildhall TaskEscrow", "1", deployment.escrow), type_string, values)


def domain_of(deployment: Deployment, name: str, version: str, contract: Address) -> dict[str, Any]:
    return {"name": name, "version": version, "chainId": deployment.chain_id, "verifyingContract": contract}


def typed_data(domain: dict[str, Any], type_string: str, values: tuple[Any, ...]) -> TypedData:
    name, members = parse_type(type_string)
    message = {member["name"]: value for member, value in zip(members, values, strict=True)}
    return {
        "types": {"EIP712Domain": parse_type(DOMAIN)[1], name: members},
        "primaryType": name,
        "domain": domain,
        "message": message,
    }


def parse_type(type_string: str) -> tuple[str, list[dict[str, str]]]:
    """`Fund(bytes32 taskId,uint40 deadline)` as a name and its members."""
    name, _, inside = type_string.removesuffix(")").partition("(")
    pairs = (member.split(" ") for member in inside.split(","))
    return name, [{"name": member, "type": kind} for kind, member in pairs]


def camel(snake: str) -> str:
    head, *rest = snake.split("_")
    return head + "".join("URI" if part == "uri" else part.capitalize() for part in rest)


def abi_value(value: Any) -> Any:
    """Hashes travel as 0x and 64 digits here; the ABI encoder wants their bytes."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) and len(value) == 66 and value[:2] == "0x" else value
