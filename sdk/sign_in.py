"""Signing in with a wallet: an EIP-4361 message, built here and never taken ready-made from the service."""

from typing import Any
from urllib.parse import urlsplit

from sdk.errors import SignatureRefused

SIGNING_IN = "Sign in to Guildhall. This moves no money and grants no permission to do so."


def linking_statement(account: str) -> str:
    """What a wallet agrees to that becomes one of an account."""
    return f"Link this wallet to the Guildhall account {account}. Whoever signs in there may act as this wallet."


def sign_in_message(
    challenge: dict[str, Any], *, address: str, origin: str, chain_id: int, statement: str = SIGNING_IN
) -> str:
    """The text to sign. Raises SignatureRefused unless domain, uri and chain are those of `origin`, and the statement
    is the one that was meant: a wallet that signs in must not link itself."""
    expected = {"domain": urlsplit(origin).netloc, "chain_id": chain_id, "version": "1", "statement": statement}
    for name, ours in expected.items():
        if challenge.get(name) != ours:
            raise SignatureRefused(f"challenge.{name}", ours, challenge.get(name))
    uri = str(challenge["uri"])
    if (urlsplit(uri).scheme, urlsplit(uri).netloc) != (urlsplit(origin).scheme, urlsplit(origin).netloc):
        raise SignatureRefused("challenge.uri", origin, uri)
    for name in ("nonce", "issued_at", "expires_at", "statement", "uri"):
        one_line(name, str(challenge[name]))
    return "\n".join(
        [
            f"{challenge['domain']} wants you to sign in with your Ethereum account:",
            address,
            "",
            challenge["statement"],
            "",
            f"URI: {uri}",
            "Version: 1",
            f"Chain ID: {chain_id}",
            f"Nonce: {challenge['nonce']}",
            f"Issued At: {challenge['issued_at']}",
            f"Expiration Time: {challenge['expires_at']}",
        ]
    )


def one_line(name: str, value: str) -> None:
    """A line break would let a value of the service add fields of its own."""
    if not value.isprintable():
        raise SignatureRefused(f"challenge.{name}", "one printable line", value)
