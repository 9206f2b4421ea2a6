"""EIP-712 signatures made by eth-account, a second implementation beside the contracts' own."""

from dataclasses import dataclass

from eth_account.messages import encode_typed_data

FIELDS = {
    "Release": "bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline",
    "Award": "bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline",
    "Submit": "bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline",
    "Bid": (
        "bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,uint40 minWorkSeconds,"
        "uint40 validUntil,bytes32 salt"
    ),
    "Fund": "bytes32 taskId,uint40 deadline",
    "Voucher": "bytes32 channelId,address payee,uint96 cumulative",
    "StartClose": "bytes32 channelId,uint40 deadline",
    "CloseTogether": "bytes32 channelId,uint96 cumulative,uint40 deadline",
    "FundTask": "bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline",
    "ReceiveWithAuthorization": (
        "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
    ),
}


@dataclass(frozen=True)
class Domain:
    name: str
    version: str
    chain_id: int
    contract: str


def sign(account, domain: Domain, primary_type: str, message: dict[str, object]) -> bytes:
    """65 bytes, r s v."""
    fields = [field.split(" ") for field in FIELDS[primary_type].split(",")]
    signable = encode_typed_data(
        domain_data={
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        message_types={primary_type: [{"name": name, "type": kind} for kind, name in fields]},
        message_data=message,
    )
    return account.sign_message(signable).encode_rsv()


def sign_intent(account, domain: Domain, primary_type: str, message: dict[str, object]) -> bytes:
    """The escrow's `auth`: the deadline, then the signature."""
    return message["deadline"].to_bytes(5, "big") + sign(account, domain, primary_type, message)
