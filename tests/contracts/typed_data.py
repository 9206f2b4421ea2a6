"""EIP-712 signatures made by eth-account, a second implementation beside the contracts' own."""

from dataclasses import dataclass

from eth_account.messages import encode_typed_data

FIELDS = {
    "Fund": "bytes32 taskId,uint40 deadline",
    "Release": "bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline",
    "Award": "bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline",
    "RevokeBid": "bytes32 bidDigest,uint40 deadline",
    "Submit": "bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline",
    "Bid": (
        "bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,uint40 minWorkSeconds,"
        "uint40 validUntil,bytes32 salt"
    ),
    "ReceiveWithAuthorization": (
        "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
    ),
    "Permit": "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline",
    "PermitWitnessTransferFrom": (
        "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,bytes32 taskId"
    ),
    "TokenPermissions": "address token,uint256 amount",
    "RegisterByDigest": "address owner,bytes32 digest,uint256 nonce,uint256 deadline",
    "AgentWalletSet": "uint256 agentId,address newWallet,address owner,uint256 deadline",
    "SetAgentWallet": "uint256 agentId,address newWallet,uint256 nonce,uint256 deadline",
    "Open": "bytes32 channelId,uint96 amount,uint40 deadline",
    "Voucher": "bytes32 channelId,address payee,uint96 cumulative",
    "StartClose": "bytes32 channelId,uint40 deadline",
    "CloseTogether": "bytes32 channelId,uint96 cumulative,uint40 deadline",
    "FundTask": "bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline",
}


@dataclass(frozen=True)
class Domain:
    """`version` is None where the domain has none (Permit2)."""

    name: str
    version: str | None
    chain_id: int
    contract: str

    def data(self) -> dict[str, object]:
        version = {} if self.version is None else {"version": self.version}
        return {"name": self.name, **version, "chainId": self.chain_id, "verifyingContract": self.contract}


def sign(account, domain: Domain, primary_type: str, message: dict[str, object]) -> bytes:
    """65 bytes, r s v."""
    signable = encode_typed_data(domain_data=domain.data(), message_types=types_of(primary_type), message_data=message)
    return account.sign_message(signable).encode_rsv()


def types_of(primary_type: str) -> dict[str, list[dict[str, str]]]:
    """A struct and those that it holds."""
    fields = [field.split(" ") for field in FIELDS[primary_type].split(",")]
    types = {primary_type: [{"name": name, "type": kind} for kind, name in fields]}
    for kind, _ in fields:
        types |= types_of(kind) if kind in FIELDS else {}
    return types


def sign_intent(account, domain: Domain, primary_type: str, message: dict[str, object]) -> bytes:
    """A contract's `auth`: the deadline, then the signature."""
    return message["deadline"].to_bytes(5, "big") + sign(account, domain, primary_type, message)
