"""The published EIP-4361 vectors, by their names: what parses, what does not, what verifies, and when.

Source: the test folder of spruceid/siwe, the reference implementation that the EIP names. The messages are built here
from the values in which they differ. Two vectors whose text says other than their name are taken by their name:
*version not 1* has version 1 in it, and the host of *domain not RFC4501 authority* (not_rfc4501) is one by RFC 3986,
which has replaced the rule; the later form of the same vector (#notrfc4501) stands here. The three of contract wallets
need the main network's state; the like of them is asked of wallets in tests/integration/accounts/test_wallets.py.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from app.accounts.proof import text_digest, with_offset
from app.accounts.rules import check_times
from app.accounts.siwe import (
    FUTURE_IP,
    NAME,
    QUERY,
    SCHEME,
    SEGMENTS,
    STATEMENT,
    USERINFO,
    parse_message,
)
from app.chain.signatures import key_fault
from app.database import Address
from app.errors import SignInMessageMalformed, SignInRefused

LABELS = {
    "uri": "URI",
    "version": "Version",
    "chainId": "Chain ID",
    "nonce": "Nonce",
    "issuedAt": "Issued At",
    "expirationTime": "Expiration Time",
    "notBefore": "Not Before",
    "requestId": "Request ID",
}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ESCAPES = "%00%ff%FF%0a%0A%20"
TERMS = "I accept the ServiceOrg Terms of Service: https://service.org/tos"
SHORT: Mapping[str, Any] = {
    "domain": "service.org",
    "address": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "statement": TERMS,
    "uri": "https://service.org/login",
    "version": "1",
    "chainId": 1,
    "nonce": "32891757",
    "issuedAt": "2021-09-30T16:25:24.000Z",
}
LONG: Mapping[str, Any] = {
    "domain": "service.org",
    "address": "0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946",
    "statement": TERMS,
    "uri": "https://service.org/login",
    "version": "1",
    "chainId": 1,
    "nonce": "12341234",
    "issuedAt": "2022-03-17T12:45:13.610Z",
    "expirationTime": "2023-03-17T12:45:13.610Z",
    "notBefore": "2022-03-17T12:45:13.610Z",
    "requestId": "some_id",
    "resources": ["https://service.org/login"],
}
MANDATORY = ("uri", "version", "chainId", "nonce", "issuedAt")
DATE_OF_ANOTHER_FORM = "Wed Oct 05 2011 16:48:00 GMT+0200 (CEST)"
NO_URI = (":not_a_rfc3986_valid_uri_", "_not_a_rfc3986_valid_uri_")


def text_of(said: Mapping[str, Any], order: tuple[str, ...] = tuple(LABELS), *, blanks: bool = False) -> str:
    """The message of these values; with `blanks`, what is missing leaves an empty line."""
    lines = [f"{said['domain']} wants you to sign in with your Ethereum account:", said["address"], ""]
    lines += [said["statement"], ""] if said.get("statement") else [""]
    for name in order:
        if name in said:
            lines.append(f"{LABELS[name]}: {said[name]}")
        elif blanks and name in MANDATORY:
            lines.append("")
    if "resources" in said:
        lines += ["Resources:", *(f"- {resource}" for resource in said["resources"])]
    return "\n".join(lines)


def without(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names}


def swapped(first: str, second: str) -> str:
    """The long message with two fields in each other's place."""
    order = list(LABELS)
    a, b = order.index(first), order.index(second)
    order[a], order[b] = order[b], order[a]
    return text_of(LONG, tuple(order))


PARSED: Mapping[str, Mapping[str, Any]] = {
    "couple of optional fields": {
        "resources": [
            "ipfs://Qme7ss3ARVgxv6rXqVPiikMJ8u2NLgmgszg13pYrDKEoiu",
            "https://example.com/my-web2-claim.json",
        ]
    },
    "no optional field": {},
    "timestamp without microseconds": {"issuedAt": "2021-09-30T16:25:24Z"},
    "domain is RFC 3986 authority with IP": {"domain": "127.0.0.1"},
    "domain is RFC 3986 authority with userinfo": {"domain": "test@127.0.0.1"},
    "domain is RFC 3986 authority with port": {"domain": "127.0.0.1:8080"},
    "domain is RFC 3986 authority with userinfo and port": {"domain": "test@127.0.0.1:8080"},
    "no statement": {"statement": None},
    "valid message object: missing resources": {**without(LONG, "resources"), "uri": "https://sample.org"},
    "valid message object: empty resources": {**LONG, "resources": []},
    "valid message object: single resources URI": {**LONG, "resources": ["ftp://mystuff.com"]},
    "valid message object: multiple resources URIs": {**LONG, "resources": ["ftp://mystuff.com", "uri:"]},
}


@pytest.mark.parametrize("name", PARSED)
def test_parses(name: str) -> None:
    said = {**SHORT, **PARSED[name]}
    message = parse_message(text_of(said))
    assert (message.domain, message.address, message.uri) == (said["domain"], said["address"], said["uri"])
    assert (message.statement, message.version, message.nonce) == (said["statement"], "1", said["nonce"])
    assert (message.chain_id, message.resources) == (1, tuple(said.get("resources", ())))
    assert message.issued_at == datetime.fromisoformat(said["issuedAt"])
    assert message.request_id == said.get("requestId")


NOT_PARSED = {
    "missing mandatory field": text_of(without(SHORT, "uri", "chainId")),
    "extra line breaks": text_of(SHORT).replace("\n\nI accept", "\n\n\nI accept"),
    "non-ISO datetime": text_of({**SHORT, "issuedAt": DATE_OF_ANOTHER_FORM}),
    "out of order fields": text_of(SHORT, ("version", "nonce", "uri", "issuedAt")),
    "wrong version": text_of({**SHORT, "version": "2"}),
    "address not eip-55": text_of({**SHORT, "address": SHORT["address"].lower()}),
    "missing domain": text_of({**LONG, "domain": ""}),
    "missing address": text_of({**LONG, "address": ""}),
    **{f"missing {name}": text_of(without(LONG, name), blanks=True) for name in MANDATORY},
    "missing uri, as an object": text_of(without(LONG, "uri")),
    "out of order uri": swapped("uri", "version"),
    "out of order version": swapped("version", "chainId"),
    "out of order chainId": text_of(without(LONG, "chainId")).replace("12341234", "12341234Chain ID: 1\n"),
    "out of order nonce": swapped("nonce", "issuedAt"),
    "out of order issuedAt": swapped("issuedAt", "expirationTime"),
    "out of order expirationTime": swapped("expirationTime", "notBefore"),
    "out of order notBefore": swapped("notBefore", "requestId"),
    "out of order requestId": text_of(without(LONG, "requestId")) + "\nRequest ID: some_id",
    "out of order resources": text_of(without(LONG, "notBefore", "requestId"))
    + "\nNot Before: 2022-03-17T12:45:13.610Z\nRequest ID: some_id",
    "domain not RFC4501 authority": text_of({**LONG, "domain": "#notrfc4501"}),
    "address not EIP-55, all lower": text_of({**LONG, "address": LONG["address"].lower()}),
    "address not EIP-55": text_of({**LONG, "address": "0xE5A12547fe4E872D192E3eCecb76F2Ce1aeA4946"}),
    "statement has line break": text_of({**LONG, "statement": TERMS.replace(": ", ": \n")}),
    "version not 1": text_of({**LONG, "version": "3"}),
    "not a valid chainId": text_of({**LONG, "chainId": "?"}),
    "nonce with less then 8 chars": text_of({**LONG, "nonce": "1234567"}),
    "resources not separated by line break": text_of(LONG) + " - https://service.org/login/2",
    **{
        f"non-ISO 8601 {name}": text_of({**LONG, name: DATE_OF_ANOTHER_FORM})
        for name in ("issuedAt", "expirationTime", "notBefore")
    },
    **{f"uri is non-RFC 3986: {uri}": text_of({**LONG, "uri": uri}) for uri in NO_URI},
    **{
        f"first resource is not-RFC3986: {uri}": text_of({**LONG, "resources": [uri, "https://service.org/login"]})
        for uri in NO_URI
    },
    **{
        f"second resource not-RFC 3986: {uri}": text_of({**LONG, "resources": ["https://service.org/login", uri]})
        for uri in NO_URI
    },
    "invalid message object: invalid resource URI": text_of({**LONG, "resources": ["sample.org"]}),
    "invalid message object: multiple resources one good one bad": text_of(
        {**LONG, "resources": ["https://sample.org", "sample.org"]}
    ),
    **{
        f"invalid {name} data time: {time}": text_of({**LONG, name: time})
        for name, time in (
            ("issuedAt", "garbage"),
            ("issuedAt", "2022-13-17T12:45:13.610Z"),
            ("issuedAt", "2022-02-31T17:09:38.578Z"),
            ("expirationTime", "garbage"),
            ("expirationTime", "2023-03-32T12:45:13.610Z"),
            ("expirationTime", "2100-02-31T14:31:43.952Z"),
            ("notBefore", "garbage"),
            ("notBefore", "2023-03-17T25:45:13.610Z"),
            ("notBefore", "2025-02-31T17:09:38.578Z"),
        )
    },
    **{
        uri: text_of({**SHORT, "statement": None, "uri": uri})
        for uri in (
            "uri://[::0.0.0.256]/p/path",
            "uri://[::300.0.0.0]/p/path",
            "uri://[::0.ff.0.255]",
            "uri://[::0.0.256.0]",
            "uri://[ffff:abcd:0:10:200:3000:f8a:1:ffff]",
            "uri://[ffff:abcd:0:10:200:3000:f8a]",
            "uri://[ffff:abcd:0:10:200:3000:ff:255.255.255.255]",
            "uri://[::1:2:3:4:5:6:7:8]",
            "uri://[::1:2:3:4:5:6:198.162.10.255]",
            "uri://[1:2:3:4:5:6:7:8::]",
            "uri://[1:2:3:4:5:6::198.162.10.255]",
            "uri://[1:2:3:4:5::6:7:8]",
            "uri://[1:2:3:4:5::6:198.162.10.255]",
            "://user:pass@example.com:123/one/two.three?q1=a1&q2=a2#body",
            "uri://user:pass@example.com:123/one/two.three ?q1=a1&q2=a2#body",
            "uri://user:pass@example.com:123/one/two.three?q1=a1&q2=a2 #body",
        )
    },
}


@pytest.mark.parametrize("name", NOT_PARSED)
def test_does_not_parse(name: str) -> None:
    with pytest.raises(SignInMessageMalformed):
        parse_message(NOT_PARSED[name])


@pytest.mark.parametrize(
    "uri",
    [
        "uri://[ffff:abcd:0:10:200:3000:f8a:1]/p?q#f",
        "uri://[::]",
        "uri://[::1:2:3:4:5:6:7]",
        "uri://[1:2:3:4:5::198.162.10.255]:80",
        "uri://user:pass@example.com:123/one/two.three?q1=a1&q2=a2#body",
        "uri://[v1.a:b]",
        "urn:isbn:0451450523",
    ],
)
def test_parses_the_like_of_what_is_refused(uri: str) -> None:
    assert parse_message(text_of({**SHORT, "uri": uri})).uri == uri


def test_parses_a_scheme_and_refuses_a_wrong_one() -> None:
    assert parse_message("https://" + text_of(SHORT)).scheme == "https"
    for scheme in ("", "1", "a b", "a:"):
        with pytest.raises(SignInMessageMalformed):
            parse_message(f"{scheme}://" + text_of(SHORT))


CHARACTERS = {
    "scheme": (SCHEME, LETTERS + "+-.", " :#?@!~"),
    "statement": (STATEMENT, ":/?#[]@!$&'()*+,;= -._~" + LETTERS, "`<>{|}"),
    "userinfo": (USERINFO, LETTERS + "-._~!$&'()*+,;=:" + ESCAPES, "/#?@[]"),
    "IPvFuture": (FUTURE_IP, "v123." + LETTERS + "-._~!$&'()*+,;=:", "/#?@[]"),
    "reg-name": (NAME, LETTERS + "-._~!$&'()*+,;=" + ESCAPES, "/#?@[]"),
    "segment-nz": (SEGMENTS, LETTERS + "-._~!$&'()*+,;=:@" + ESCAPES, "^`|%?#["),
    "fragment": (QUERY, LETTERS + "-._~!$&'()*+,;=:@/?" + ESCAPES, "#["),
}


@pytest.mark.parametrize("rule", CHARACTERS)
def test_takes_the_characters_of_each_rule_and_no_other(rule: str) -> None:
    form, valid, invalid = CHARACTERS[rule]
    assert form.fullmatch(valid)
    for character in invalid:
        assert not form.fullmatch(character)
        assert not form.fullmatch(valid + character)


LOGIN: Mapping[str, Any] = {
    "domain": "login.xyz",
    "address": "0x9D85ca56217D2bb651b00f15e694EB7E713637D4",
    "statement": "Sign-In With Ethereum Example Statement",
    "uri": "https://login.xyz",
    "version": "1",
    "chainId": 1,
    "nonce": "bTyXgcQxn2htgkjJn",
    "issuedAt": "2022-01-27T17:09:38.578Z",
    "expirationTime": "2100-01-07T14:31:43.952Z",
    "signature": "dc35c7f8ba2720df052e0092556456127f00f7707eaa8e3bbff7e56774e7f2e0"
    "5a093cfc9e02964c33d86e8e066e221b7d153d27e5a2e97ccd5ca7d3f2ce06cb1b",
}
EXPIRED: Mapping[str, Any] = {
    **LOGIN,
    "address": "0x2ecA0068307e706741445764A3D6A4402aC2A5a9",
    "nonce": "lx2nx4so",
    "issuedAt": "2022-01-05T14:27:30.883Z",
    "expirationTime": "2021-01-05T00:00:00Z",
    "signature": "7337bc2826c7678cd6bc84f5b3b236efc969b0451f9feca2328b1d3401b030c1"
    "13f19bdba359ba3f52762c66e9147311fa95fe598a1a4ec9bb383a7b4e3874241b",
}
NOT_YET_VALID: Mapping[str, Any] = {
    **without(LOGIN, "expirationTime"),
    "address": "0xE6D3Aa1F561A215E5eb1f02Ba8705385F03fCaFB",
    "nonce": "lx2nx4so",
    "issuedAt": "2022-01-05T14:27:30.883Z",
    "notBefore": "2100-01-07T14:31:43.952Z",
    "signature": "c2539ace78f13c7eb8c0852d38d269a6f97bebd9f7872097d2e3137b541f8bf5"
    "0176062a46eeea83086bd2721423fb5755a932ff6ccc046ed482d14e4576042f1c",
}
TALLY: Mapping[str, Any] = {
    "domain": "www.tally.xyz",
    "address": "0xc95EB884FE852e241D409234bfC7045CB9E31BD7",
    "statement": "Sign in with Ethereum to Tally",
    "uri": "https://tally.xyz",
    "version": "1",
    "chainId": 1,
    "nonce": "15050747",
    "issuedAt": "2022-06-30T14:08:51.382Z",
    "signature": "8c46b6eb8505939892d8e9b075f89f8277321b17b993151f37810cdda38cce6f"
    "4a85909d2b53e6a14629c74c0ac38bf4becde78ee5b2529812bf6cceaf7b2a2501",
}
OTHERS: Mapping[str, Any] = {
    **LOGIN,
    "address": "0x6Da01670d8fc844e736095918bbE11fE8D564163",
    "nonce": "rmplqh1gf",
    "issuedAt": "2022-01-05T14:31:43.954Z",
}
VERIFIED = {
    "example message": (LOGIN, "2026-01-01T00:00:00Z"),
    "not yet valid": (NOT_YET_VALID, "2101-01-07T14:31:43.952Z"),
    "expired message": (EXPIRED, "2020-01-05T00:00:00Z"),
    "recovery byte starting at 0": (TALLY, "2026-01-01T00:00:00Z"),
}
NOT_VERIFIED = {
    "expired message": (EXPIRED, "2026-01-01T00:00:00Z", "expires_at"),
    "custom time": (LOGIN, "2200-01-05T00:00:00Z", "expires_at"),
    "not yet valid": (NOT_YET_VALID, "2026-01-01T00:00:00Z", "not_before"),
}
NOT_SIGNED = {
    "malformed signature": "f2e8420fc1b722bf4941f5a0464f98172a758ceda5039f622e425fb69fd19b20"
    "e444bba7c9a8a8d7e2b5e453553efe7c9460be5d211abe473fc146d51bb04d0cb1b",
    "wrong signature": "31df81dc02344c9156e6f71da46e2db624b38f8f806290d670d46492b834b2e7"
    "575cbce9f48169356cfb577b910d8e30732fcf23c1ac0021d08b945ed7ee118e1b",
}


def fault_of(said: Mapping[str, Any], signature: bytes) -> str | None:
    return key_fault(text_digest(text_of(said)), with_offset(signature), Address(said["address"]))


@pytest.mark.parametrize("name", VERIFIED)
def test_verifies(name: str) -> None:
    said, now = VERIFIED[name]
    check_times(parse_message(text_of(said)), datetime.fromisoformat(now))
    assert fault_of(said, bytes.fromhex(said["signature"])) is None


@pytest.mark.parametrize("name", NOT_VERIFIED)
def test_does_not_verify(name: str) -> None:
    """The domain and the nonce of another are refused by check_message (test_rules.py)."""
    said, now, rule = NOT_VERIFIED[name]
    assert fault_of(said, bytes.fromhex(said["signature"])) is None
    with pytest.raises(SignInRefused) as refused:
        check_times(parse_message(text_of(said)), datetime.fromisoformat(now).astimezone(UTC))
    assert refused.value.facts["rule"] == rule


def test_a_wrong_signature_does_not_verify() -> None:
    assert fault_of(OTHERS, bytes.fromhex(NOT_SIGNED["wrong signature"])) == "wrong_signer"


def test_a_malformed_signature_does_not_verify() -> None:
    """130 hexadecimal digits and one more: no whole number of bytes, which no route takes; cut, it is another's."""
    text = NOT_SIGNED["malformed signature"]
    with pytest.raises(ValueError, match="non-hexadecimal"):
        bytes.fromhex(text)
    assert fault_of(OTHERS, bytes.fromhex(text[:130])) is not None
