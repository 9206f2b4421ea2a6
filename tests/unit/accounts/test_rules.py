"""EIP-4361 messages: one form is read, and only what was asked for is accepted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import (
    GREETING,
    MAX_MESSAGE_BYTES,
    STATEMENT,
    Challenge,
    SignInMessage,
    check_message,
    parse_message,
)
from app.errors import SignInMessageMalformed, SignInRefused

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
CHALLENGE = Challenge(
    domain="guildhall.example",
    uri="https://guildhall.example",
    chain_id=137,
    address=ADDRESS,
    nonce="0123456789abcdef",
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=5),
)
TEXT = f"""guildhall.example{GREETING}
{ADDRESS}

{STATEMENT}

URI: https://guildhall.example
Version: 1
Chain ID: 137
Nonce: 0123456789abcdef
Issued At: 2026-11-20T12:00:00Z
Expiration Time: 2026-11-20T12:05:00Z"""


def test_reads_the_form_and_accepts_it() -> None:
    message = parse_message(TEXT)
    assert (message.domain, message.chain_id, message.issued_at) == ("guildhall.example", 137, NOW)
    check_message(message, CHALLENGE, NOW)
    check_message(message, CHALLENGE, NOW + timedelta(minutes=4, seconds=59))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Version: 1\n", ""),
        ("Version: 1\n", "Version: 1\nVersion: 1\n"),
        ("Version: 1\nChain ID: 137", "Chain ID: 137\nVersion: 1"),
        ("URI: ", "URI:"),
        ("URI: ", "uri: "),
        ("Chain ID: 137", "Chain ID: 0137"),
        ("Chain ID: 137", "Chain ID: 0"),
        ("Chain ID: 137", "Chain ID: 1_37"),
        ("Chain ID: 137", "Chain ID: " + "9" * 400),
        ("2026-11-20T12:00:00Z", "2026-11-20 12:00:00Z"),
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00"),
        ("2026-11-20T12:00:00Z", "2026-13-20T12:00:00Z"),
        ("2026-11-20T12:00:00Z", "0000-11-20T12:00:00Z"),
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00+99:00"),
        (ADDRESS, ADDRESS[:-1]),
        (GREETING, ""),
        (STATEMENT, "\t"),
        (STATEMENT, "caf\u00e9"),
        ("\n", "\r\n"),
        ("Expiration Time: 2026-11-20T12:05:00Z", "Expiration Time: "),
    ],
)
def test_refuses_another_form(old: str, new: str) -> None:
    with pytest.raises(SignInMessageMalformed):
        parse_message(TEXT.replace(old, new, 1))


@pytest.mark.parametrize("extra", ["\n", "\nNot Before: 2026-11-20T12:00:00Z", "\nResources:\n- https://x", " "])
def test_refuses_what_nobody_asked_for(extra: str) -> None:
    with pytest.raises((SignInMessageMalformed, SignInRefused)):
        check_message(parse_message(TEXT + extra), CHALLENGE, NOW)


def test_refuses_more_than_2_kb() -> None:
    with pytest.raises(SignInMessageMalformed):
        parse_message(TEXT.replace(STATEMENT, "x" * MAX_MESSAGE_BYTES))


@given(st.text(max_size=3000))
def test_refuses_any_other_text(text: str) -> None:
    with pytest.raises(SignInMessageMalformed):
        parse_message(text)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("domain", {"domain": "guildhall.example@evil.example"}),
        ("address", {"address": ADDRESS.lower()}),
        ("statement", {"statement": "Send everything"}),
        ("uri", {"uri": "https://guildhall.example/"}),
        ("version", {"version": "2"}),
        ("chain_id", {"chain_id": 1}),
        ("nonce", {"nonce": "0123456789abcdeF"}),
        ("issued_at", {"issued_at": NOW + timedelta(minutes=2)}),
        ("issued_at", {"issued_at": NOW - timedelta(minutes=2)}),
        ("expires_at", {"expires_at": NOW}),
        ("expires_at", {"expires_at": NOW + timedelta(hours=1)}),
    ],
)
def test_names_what_differs(rule: str, change: dict[str, object]) -> None:
    message: SignInMessage = replace(parse_message(TEXT), **change)  # type: ignore[arg-type]  # one field at a time
    with pytest.raises(SignInRefused) as refused:
        check_message(message, CHALLENGE, NOW)
    assert refused.value.facts["rule"] == rule


def test_refuses_an_expired_challenge() -> None:
    message = replace(parse_message(TEXT), expires_at=NOW + timedelta(minutes=6))
    with pytest.raises(SignInRefused):
        check_message(message, CHALLENGE, CHALLENGE.expires_at)
