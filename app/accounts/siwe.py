"""EIP-4361 messages: the whole grammar, read line by line in one pass.

The standard's grammar and nothing beside it (https://eips.ethereum.org/EIPS/eip-4361, RFC 3986, RFC 3339). Every
pattern is anchored and repeats only what a single character decides, so that reading takes time linear in the length;
what is longer than 2 KB is refused before any of them runs. What this service asks of a message is in rules.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import AddressValueError, IPv6Address
from typing import NoReturn

from eth_utils.address import to_checksum_address

from app.errors import SignInMessageMalformed

MAX_MESSAGE_BYTES = 2048
VERSION = "1"
GREETING = " wants you to sign in with your Ethereum account:"
RESOURCES = "Resources:"

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
CHAIN_ID = re.compile(r"[1-9][0-9]{0,17}")
NONCE = re.compile(r"[0-9A-Za-z]{8,}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
STATEMENT = re.compile(r"[-\w.~:/?#\[\]@!$&'()*+,;= ]+", re.ASCII)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
USERINFO = re.compile(r"(?:[-\w.~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*", re.ASCII)
NAME = re.compile(r"(?:[-\w.~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", re.ASCII)
PATH = re.compile(r"(?:[-\w.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*", re.ASCII)
QUERY = re.compile(r"(?:[-\w.~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*", re.ASCII)
SEGMENTS = re.compile(r"(?:[-\w.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*", re.ASCII)
FUTURE_IP = re.compile(r"v[0-9A-Fa-f]+\.[-\w.~!$&'()*+,;=:]+", re.ASCII)
IPV6 = re.compile(r"[0-9A-Fa-f:.]+")
PORT = re.compile(r"[0-9]*")


@dataclass(frozen=True)
class SignInMessage:
    """What the signer says. Times are aware; what a message leaves out is None."""

    domain: str
    address: str
    uri: str
    version: str
    chain_id: int
    nonce: str
    issued_at: datetime
    scheme: str | None = None
    statement: str | None = None
    expires_at: datetime | None = None
    not_before: datetime | None = None
    request_id: str | None = None
    resources: tuple[str, ...] = ()


class Lines:
    """A message's lines, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._rest: Iterator[str] = iter(text.split("\n"))
        self.line = next(self._rest, None)

    def take(self) -> str:
        """The next line. Raises SignInMessageMalformed at the end."""
        line = self.line
        if line is None:
            refuse("it ends too early")
        self.line = next(self._rest, None)
        return line

    def blank(self) -> None:
        """Takes an empty line."""
        if self.take():
            refuse("an empty line is missing")

    def field(self, name: str) -> str:
        """Takes the value of `Name: value`."""
        value = self.field_or_none(name)
        if value is None:
            refuse(f"a line must be {name}")
        return value

    def field_or_none(self, name: str) -> str | None:
        """Takes a field where the next line is one of this name."""
        label, separator, value = (self.line or "").partition(": ")
        if label != name or not separator:
            return None
        self.take()
        return value


def parse_message(text: str) -> SignInMessage:
    """Reads a message. Raises SignInMessageMalformed with the broken rule."""
    if len(text) > MAX_MESSAGE_BYTES or not text.isascii():
        refuse(f"it must be at most {MAX_MESSAGE_BYTES} bytes of ASCII")
    lines = Lines(text)
    scheme, domain = greeted(lines.take())
    address = lines.take()
    if not ADDRESS.fullmatch(address) or to_checksum_address(address) != address:
        refuse("its address has not the form of EIP-55")
    lines.blank()
    statement = stated(lines)
    return SignInMessage(
        domain=domain,
        address=address,
        statement=statement,
        scheme=scheme,
        uri=uri(lines.field("URI")),
        version=of_form(lines.field("Version"), re.compile(VERSION), "its version is not 1"),
        chain_id=int(of_form(lines.field("Chain ID"), CHAIN_ID, "its chain id is no number")),
        nonce=of_form(lines.field("Nonce"), NONCE, "its nonce is not of 8 letters and digits or more"),
        issued_at=parse_time(lines.field("Issued At")),
        expires_at=time_or_none(lines.field_or_none("Expiration Time")),
        not_before=time_or_none(lines.field_or_none("Not Before")),
        request_id=request_of(lines.field_or_none("Request ID")),
        resources=tuple(listed(lines)),
    )


def greeted(line: str) -> tuple[str | None, str]:
    """Scheme and domain of the first line."""
    if not line.endswith(GREETING):
        refuse("its first line is no greeting")
    scheme, separator, domain = line.removesuffix(GREETING).rpartition("://")
    if separator and not SCHEME.fullmatch(scheme):
        refuse("its scheme is none")
    if not domain or not is_authority(domain):
        refuse("its domain is no RFC 3986 authority")
    return scheme if separator else None, domain


def stated(lines: Lines) -> str | None:
    """The statement between two empty lines, or one empty line in its place."""
    statement = lines.take()
    if not statement:
        return None
    if not STATEMENT.fullmatch(statement):
        refuse("its statement has a character that the standard does not allow")
    lines.blank()
    return statement


def listed(lines: Lines) -> Iterator[str]:
    """The resources, up to the message's end."""
    if lines.line is not None and lines.take() != RESOURCES:
        refuse("a line is none of the standard's, or not in its place")
    while lines.line is not None:
        mark, separator, value = lines.take().partition("- ")
        if mark or not separator:
            refuse("a resource is not listed as one")
        yield uri(value)


def request_of(value: str | None) -> str | None:
    """A request id."""
    return None if value is None else of_form(value, SEGMENTS, "its request id has a character that is not allowed")


def of_form(value: str, form: re.Pattern[str], reason: str) -> str:
    """The value, where all of it has the form."""
    if not form.fullmatch(value):
        refuse(reason)
    return value


def uri(value: str) -> str:
    """An RFC 3986 URI."""
    scheme, colon, rest = value.partition(":")
    rest, _, fragment = rest.partition("#")
    hierarchy, _, query = rest.partition("?")
    path = hierarchy
    if hierarchy.startswith("//"):
        authority, slash, path = hierarchy[2:].partition("/")
        path = slash + path
        if not is_authority(authority):
            refuse("a URI's authority is none (RFC 3986)")
    parts = ((scheme, SCHEME), (path, PATH), (query, QUERY), (fragment, QUERY))
    if not colon or not all(form.fullmatch(part) for part, form in parts):
        refuse("a URI is none (RFC 3986)")
    return value


def is_authority(value: str) -> bool:
    """Whether it is `[userinfo@]host[:port]` (RFC 3986, 3.2)."""
    userinfo, at, place = value.rpartition("@")
    if at and not USERINFO.fullmatch(userinfo):
        return False
    if place.startswith("["):
        host, bracket, port = place[1:].partition("]")
        known = bool(bracket) and is_ip_literal(host) and (not port or port.startswith(":"))
        return known and PORT.fullmatch(port[1:]) is not None
    host, _, port = place.partition(":")
    return NAME.fullmatch(host) is not None and PORT.fullmatch(port) is not None


def is_ip_literal(host: str) -> bool:
    """Whether it may stand between brackets."""
    if FUTURE_IP.fullmatch(host):
        return True
    try:
        return IPV6.fullmatch(host) is not None and bool(str(IPv6Address(host)))
    except AddressValueError:
        return False


def time_or_none(text: str | None) -> datetime | None:
    """A time that a message may leave out."""
    return None if text is None else parse_time(text)


def parse_time(text: str) -> datetime:
    """An RFC 3339 time, to the microsecond."""
    if not TIME.fullmatch(text):
        refuse("a time is not RFC 3339")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SignInMessageMalformed(reason="a time does not exist") from error


def refuse(reason: str) -> NoReturn:
    raise SignInMessageMalformed(reason=reason)
