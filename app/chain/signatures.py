"""Whether a signature is an account's: a key's in its one strict form, else an ERC-1271 wallet's.

The contracts apply the same two rules in the same order (contracts/src/Signature.sol), so that what passes here
passes there: 65 bytes, low s (EIP-2), v of 27 or 28, nothing zero. A second valid form of a signature would let a
stranger change bytes that somebody signed.
"""

from coincurve import PublicKey
from eth_utils.crypto import keccak

from app.chain.rpc import AsyncChain
from app.chain.typed_data import TypedData, digest
from app.database import Address, Digest
from app.errors import BadSignature, CallReverted, RpcRefused

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = CURVE_ORDER // 2
MAX_SIGNATURE_BYTES = 4096
ERC1271_GAS = 400_000
IS_VALID_SIGNATURE = keccak(text="isValidSignature(bytes32,bytes)")[:4]


async def verify(chain: AsyncChain, typed_data: TypedData, signature: bytes, signer: Address) -> None:
    """Returns where `signer` signed `typed_data`. Raises BadSignature with the reason, ChainUnavailable."""
    await verify_digest(chain, digest(typed_data), signature, signer)


async def verify_digest(chain: AsyncChain, signed: Digest, signature: bytes, signer: Address) -> None:
    """As `verify`, over a digest that the caller made (EIP-191 for sign-in messages)."""
    if len(signature) > MAX_SIGNATURE_BYTES:
        raise BadSignature(reason="too_long", signer=signer)
    fault = key_fault(signed, signature, signer)
    if fault is None:
        return
    if not await is_contract(chain, signer):
        raise BadSignature(reason=fault, signer=signer)
    if not await wallet_approves(chain, signer, signed, signature):
        raise BadSignature(reason="wallet_refuses", signer=signer)


def key_fault(signed: Digest, signature: bytes, signer: Address) -> str | None:
    """Why these bytes are not the key's strict signature; None where they are."""
    fault = form_fault(signature)
    if fault is not None:
        return fault
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        point = PublicKey.from_signature_and_message(compact, bytes.fromhex(signed[2:]), hasher=None)
    except Exception:  # the curve library raises kinds of its own for points that do not exist
        return "no_such_point"
    recovered = keccak(point.format(compressed=False)[1:])[-20:]
    return None if recovered == bytes.fromhex(signer[2:]) else "wrong_signer"


def form_fault(signature: bytes) -> str | None:
    if len(signature) != 65:
        return "length_not_65"
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if not 0 < r < CURVE_ORDER or s == 0:
        return "out_of_range"
    if s > HALF_ORDER:
        return "high_s"
    return None if v in (27, 28) else "v_not_27_or_28"


async def is_contract(chain: AsyncChain, address: Address) -> bool:
    return len(await chain.code(address)) > 0


async def wallet_approves(chain: AsyncChain, wallet: Address, signed: Digest, signature: bytes) -> bool:
    """ERC-1271, with as much gas as the contracts give; reads one word of the answer, however long."""
    padded = signature + bytes(-len(signature) % 32)
    head = (64).to_bytes(32, "big") + len(signature).to_bytes(32, "big")
    question = IS_VALID_SIGNATURE + bytes.fromhex(signed[2:]) + head + padded
    try:
        answer = await chain.call(wallet, question, gas=ERC1271_GAS + 100_000)
    except (CallReverted, RpcRefused):  # out of gas comes as a refusal; either way the wallet did not approve
        return False
    return len(answer) >= 32 and answer[:32] == IS_VALID_SIGNATURE + bytes(28)
