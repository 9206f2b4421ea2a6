"""EIP-4361 messages: one form is read, and only what was asked for is accepted."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import siwe
from app.accounts.rules import STATEMENT, Challenge, check_message
from app.accounts.siwe import GREETING, MAX_MESSAGE_BYTES, SignInMessage, parse_message
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
        (ADDRESS, ADDRESS.lower()),
        (STATEMENT, "\t"),
        (STATEMENT, "caf\u00e9"),
        ("\n", "\r\n"),
        ("Expiration Time: 2026-11-20T12:05:00Z", "Expiration Time: "),
    ],
)
def test_refuses_another_form(old: str, new: str) -> None:
    with pytest.raises(SignInMessageMalformed):
        parse_message(TEXT.replace(old, new, 1))


@pytest.mark.parametrize("extra", ["\n", " ", "\nResources", "\nResources:\n", "\nNot Before: soon"])
def test_refuses_what_is_no_part_of_a_message(extra: str) -> None:
    with pytest.raises(SignInMessageMalformed):
        parse_message(TEXT + extra)


def test_accepts_the_services_own_scheme_and_a_time_that_has_come() -> None:
    check_message(parse_message("https://" + TEXT + "\nNot Before: 2026-11-20T12:00:00Z"), CHALLENGE, NOW)


PARSER: Any = import_module("re._parser")
"""How a pattern is built; nothing public tells."""
FORMS = {name: form for name, form in vars(siwe).items() if isinstance(form, re.Pattern)}


@pytest.mark.parametrize("name", FORMS)
def test_reading_is_linear_in_the_length(name: str) -> None:
    """No form repeats what repeats, and no two ways to begin a repetition begin alike: nothing is tried twice."""
    assert not repeats_within_repeats(PARSER.parse(FORMS[name].pattern))


def repeats_within_repeats(parsed: Any, *, inside: bool = False) -> bool:
    """Whether an unbounded repetition stands in another."""
    for operation, details in parsed:
        unbounded = str(operation).endswith("REPEAT") and str(details[1]) == "MAXREPEAT"
        if unbounded and inside:
            return True
        within = inside or unbounded
        for part in details if isinstance(details, tuple) else ():
            for each in part if isinstance(part, list) else [part]:
                if isinstance(each, PARSER.SubPattern) and repeats_within_repeats(each, inside=within):
                    return True
    return False


def test_a_nested_repetition_would_be_found() -> None:
    assert repeats_within_repeats(PARSER.parse("(?:a+|b)*"))
    assert not repeats_within_repeats(PARSER.parse("(?:a|%[0-9]{2})*x+"))


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
        ("request_id", {"request_id": ""}),
        ("resources", {"resources": ("https://guildhall.example",)}),
        ("scheme", {"scheme": "http"}),
        ("not_before", {"not_before": NOW + timedelta(seconds=1)}),
        ("expires_at", {"expires_at": None}),
        ("statement", {"statement": None}),
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
