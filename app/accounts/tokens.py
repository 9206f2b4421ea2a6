"""Access tokens: JWTs (RFC 7519) of one fixed form, signed by the first of the service's keys, read by any of them.

Adding a key above the others rotates without logging anyone out; the old one goes once its last tokens ended. The form
follows the profile of RFC 9068 (typ "at+jwt"), with HS256 as the only algorithm that is ever accepted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import jwt
from eth_utils.address import is_checksum_address

from app.database import Address
from app.errors import SettingRefused

ALGORITHM = "HS256"
TYPE = "at+jwt"
REQUIRED = ("iss", "aud", "sub", "sid", "iat", "exp")
MAX_TOKEN_BYTES = 1024
_LINE = re.compile(r"([a-z0-9-]{1,32}) ([0-9a-f]{64,256})")


@dataclass(frozen=True)
class TokenKeys:
    """The key that signs, and all that are accepted, by their id."""

    signing: str
    secrets: Mapping[str, bytes]


@dataclass(frozen=True)
class AccessToken:
    """The account that holds it and the session that it belongs to."""

    account: Address
    session_id: UUID


def read_token_keys(path: Path | None) -> TokenKeys:
    """The keys of a file with one `ID HEX` a line, the signing one first; at least 32 bytes each.

    Raises SettingRefused, which never shows a key.
    """
    if path is None or not path.is_file():
        raise SettingRefused(name="TOKEN_KEYS_FILE", reason="the API signs its tokens with the keys of this file")
    return _parsed(path.read_text())


@lru_cache(maxsize=8)
def _parsed(text: str) -> TokenKeys:
    found = [_LINE.fullmatch(line.strip()) for line in text.splitlines() if line.strip()]
    lines = [match for match in found if match is not None]
    secrets = {match[1]: bytes.fromhex(match[2]) for match in lines}
    if not lines or len(lines) < len(found) or len(secrets) < len(lines):
        raise SettingRefused(
            name="TOKEN_KEYS_FILE", reason="each line is an id and at least 64 hex digits, no id stands twice"
        )
    return TokenKeys(lines[0][1], secrets)


def sign_token(keys: TokenKeys, site: str, held: AccessToken, issued_at: datetime, ends: datetime) -> str:
    """The token of a session at the service `site`."""
    claims = {"iss": site, "aud": site, "sub": held.account, "sid": str(held.session_id)}
    times = {"iat": int(issued_at.timestamp()), "exp": int(ends.timestamp())}
    headers = {"typ": TYPE, "kid": keys.signing}
    return jwt.encode({**claims, **times}, keys.secrets[keys.signing], ALGORITHM, headers)


def read_token(keys: TokenKeys, site: str, token: str) -> AccessToken | None:
    """Who holds a token; None for one that is not ours, not for this service, ended, or of another form."""
    secret = _secret_of(keys, token)
    if secret is None:
        return None
    options: jwt.types.Options = {"require": list(REQUIRED), "strict_aud": True}
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], options=options, audience=site, issuer=site)
        return _holder(claims["sub"], claims["sid"])
    except (jwt.InvalidTokenError, ValueError):
        return None  # which rule it broke is nobody's business


def _secret_of(keys: TokenKeys, token: str) -> bytes | None:
    """By the header alone, which must be of the one form."""
    if len(token) > MAX_TOKEN_BYTES:
        return None
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError):
        return None  # no token at all
    if set(header) != {"alg", "typ", "kid"} or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        return None
    return keys.secrets.get(header["kid"])


def _holder(subject: object, session_id: object) -> AccessToken:
    """Raises ValueError for claims that are not ours."""
    if not isinstance(subject, str) or not isinstance(session_id, str) or not is_checksum_address(subject):
        raise ValueError("not a holder")
    return AccessToken(Address(subject), UUID(session_id))
