"""Access tokens: only the one form that this service signs is read."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest

from app.accounts.tokens import AccessToken, TokenKeys, read_token, read_token_keys, sign_token
from app.database import Address
from app.errors import SettingRefused

SITE = "https://market.example"
SECRET = bytes(range(32))
KEYS = TokenKeys("first", {"first": SECRET, "second": bytes(32)})
HELD = AccessToken(Address("0x52908400098527886E0F7030069857D2E4169EE7"), UUID(int=7))
NOW = datetime.now(UTC).replace(microsecond=0)
SOON = NOW + timedelta(minutes=15)


def claims(**changed: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"iss": SITE, "aud": SITE, "sub": HELD.account, "sid": str(HELD.session_id)}
    usual |= {"iat": int(NOW.timestamp()), "exp": int(SOON.timestamp())}
    return {name: value for name, value in (usual | changed).items() if value is not None}


def token(secret: bytes = SECRET, algorithm: str = "HS256", changed: dict[str, Any] | None = None) -> str:
    return jwt.encode(claims(**(changed or {})), secret, algorithm, {"typ": "at+jwt", "kid": "first"})


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def sealed(header: dict[str, Any], secret: bytes | None = SECRET) -> str:
    """Any header at all, signed by HMAC-SHA256 or not."""
    said = ".".join(encoded(json.dumps(each).encode()) for each in (header, claims()))
    return f"{said}." if secret is None else f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha256'))}"


def test_reads_what_it_signs() -> None:
    assert read_token(KEYS, SITE, sign_token(KEYS, SITE, HELD, NOW, SOON)) == HELD
    assert read_token(KEYS, SITE, token()) == HELD


def test_reads_what_an_older_key_signed() -> None:
    rotated = TokenKeys("third", {"third": b"3" * 32, **KEYS.secrets})
    assert read_token(rotated, SITE, token()) == HELD
    assert read_token(TokenKeys("third", {"third": b"3" * 32}), SITE, token()) is None


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "iat", "exp"])
def test_refuses_a_missing_claim(name: str) -> None:
    assert read_token(KEYS, SITE, token(changed={name: None})) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"aud": "https://other.example"},
        {"aud": [SITE]},
        {"aud": [SITE, "https://other.example"]},
        {"exp": int(NOW.timestamp()) - 1},
        {"exp": "tomorrow"},
        {"iat": int((NOW + timedelta(hours=1)).timestamp())},
        {"nbf": int((NOW + timedelta(hours=1)).timestamp())},
        {"sub": HELD.account.lower()},
        {"sub": "nobody"},
        {"sid": "7"},
        {"sid": ""},
    ],
)
def test_refuses_wrong_claims(changed: dict[str, Any]) -> None:
    assert read_token(KEYS, SITE, token(changed=changed)) is None


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"typ": None},
        {"kid": "second"},
        {"kid": "unknown"},
        {"kid": "../first"},
        {"kid": ""},
        {"kid": None},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jku": "https://evil.example/keys"},
        {"crit": ["exp"]},
    ],
)
def test_refuses_another_header(header: dict[str, Any]) -> None:
    usual = {"alg": "HS256", "typ": "at+jwt", "kid": "first"}
    assert read_token(KEYS, SITE, sealed(usual)) == HELD
    assert read_token(KEYS, SITE, sealed(usual | header)) is None


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_refuses_another_algorithm(algorithm: str) -> None:
    assert read_token(KEYS, SITE, token(algorithm=algorithm, secret=SECRET * 2)) is None
    assert (
        read_token(TokenKeys("first", {"first": SECRET * 2}), SITE, token(algorithm=algorithm, secret=SECRET * 2))
        is None
    )


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", "HS256"])
def test_refuses_no_signature(name: str) -> None:
    assert read_token(KEYS, SITE, sealed({"alg": name, "typ": "at+jwt", "kid": "first"}, None)) is None


def test_refuses_another_secret_and_a_changed_body() -> None:
    assert read_token(KEYS, SITE, token(secret=b"x" * 32)) is None
    head, body, seal = token().split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(sid=str(UUID(int=8)))).encode()).rstrip(b"=").decode()
    assert read_token(KEYS, SITE, f"{head}.{forged}.{seal}") is None
    assert read_token(KEYS, SITE, f"{head}.{body}.") is None


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "é.é.é", "x" * 5000, "\0", "eyJhbGciOiJIUzI1NiJ9.e30.", "[]", "bnVsbA.bnVsbA.x"]
)
def test_refuses_rubbish(text: str) -> None:
    assert read_token(KEYS, SITE, text) is None


def test_the_first_key_of_the_file_signs(tmp_path: Path) -> None:
    file = tmp_path / "tokens.keys"
    file.write_text(f"new {'ab' * 32}\n\nold {'cd' * 40}\n")
    assert read_token_keys(file) == TokenKeys("new", {"new": b"\xab" * 32, "old": b"\xcd" * 40})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "key",
        f"a {'ab' * 31}",
        f"a {'AB' * 32}",
        f"A {'ab' * 32}",
        f"a {'ab' * 32}\na {'cd' * 32}",
        f"a {'ab' * 32} x",
    ],
)
def test_refuses_a_file_without_usable_keys(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tokens.keys"
    file.write_text(text)
    with pytest.raises(SettingRefused, match="TOKEN_KEYS_FILE") as refused:
        read_token_keys(file)
    assert "ab" * 31 not in str(refused.value)


def test_refuses_no_file(tmp_path: Path) -> None:
    for path in (None, tmp_path / "missing"):
        with pytest.raises(SettingRefused, match="TOKEN_KEYS_FILE"):
            read_token_keys(path)
