"""Whether a wallet signed a text (EIP-191): its key, a contract (ERC-1271), or one that is not deployed (ERC-6492).

A signed text opens a session and nothing more, so it may be in forms that the contracts refuse: wallets that are not
deployed cannot carry money yet, and some write the recovery id as 0 or 1.
"""

from eth_utils.crypto import keccak

from app.chain.rpc import AsyncChain
from app.chain.signatures import MAX_SIGNATURE_BYTES, verify_digest
from app.chain.wallet_query import WrappedSignature, is_wrapped, would_approve
from app.database import Address, Digest, Hash32
from app.errors import BadSignature

KEY_SIGNATURE_BYTES = 65
RECOVERY_ID_OFFSET = 27


async def verify_text(chain: AsyncChain, text: str, signature: bytes, signer: Address) -> None:
    """Returns where `signer` signed `text`. Raises BadSignature with the reason, ChainUnavailable."""
    if len(signature) > MAX_SIGNATURE_BYTES:
        raise BadSignature(reason="too_long", signer=signer)
    if not is_wrapped(signature):
        await verify_digest(chain, text_digest(text), with_offset(signature), signer)
        return
    wrapped = WrappedSignature.of(signature)
    if wrapped is None:
        raise BadSignature(reason="wrapping_malformed", signer=signer)
    if not await would_approve(chain, signer, text_digest(text), wrapped):
        raise BadSignature(reason="wallet_refuses", signer=signer)


def with_offset(signature: bytes) -> bytes:
    """A key's signature with its recovery id as Ethereum writes it: 27 or 28."""
    if len(signature) != KEY_SIGNATURE_BYTES or signature[-1] > 1:
        return signature
    return signature[:-1] + bytes([signature[-1] + RECOVERY_ID_OFFSET])


def text_digest(text: str) -> Digest:
    """What a wallet signs for a text (EIP-191, version 0x45)."""
    body = text.encode()
    return Digest(Hash32("0x" + keccak(b"\x19Ethereum Signed Message:\n%d" % len(body) + body).hex()))
