"""Sign-in text, key files, retries, sign-in again, the pinned network: against a small real HTTP server."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from sdk import Client, Patience, Wallet
from sdk.errors import DigestMismatch, Forbidden, KeyFileRefused, NetworkChanged, SignatureRefused, Unreachable
from sdk.sign_in import SIGNING_IN, sign_in_message

QUICK = Patience(attempts=3, first_wait_seconds=0.01, timeout_seconds=5)
Answer = tuple[int, Any]
NETWORK = {
    "chain_id": 31337,
    "contracts": {"TaskEscrow": "0xE", "IdentityRegistry": "0xI", "ReputationRegistry": "0xR", "token": "0xT"},
    "token": {"address": "0xT", "name": "USD Coin", "version": "2", "decimals": 6},
    "fee_bps": 250,
    "auctioneer": "0xA",
    "arbiters": [],
    "chain_time": 1,
    "block_number": 1,
    "finalized_number": 0,
}


@contextmanager
def server(answer: Callable[[str, str, str | None], Answer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            status, body = answer(self.command, self.path, self.headers.get("Authorization"))
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("X-Request-Id", "r1")
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = handle_one  # noqa: N815  # named by the standard library

        def log_message(self, *_: object) -> None:
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def wallet(tmp_path: Path) -> Wallet:
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text("0x" + "11" * 32 + "\n")
    return Wallet.from_key_file(file)


class Service:
    """Signs anybody in and answers one path; remembers what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.network = NETWORK
        self.tokens = 0
        self.refreshed = 0
        self.refreshing: Answer = (401, {"type": "urn:guildhall:problem:refresh-token-refused"})
        self.url = ""

    def __call__(self, method: str, path: str, _authorization: str | None) -> Answer:
        self.asked.append((method, path))
        if path == "/v1/network":
            return 200, self.network
        if path == "/v1/auth/nonce":
            return 200, challenge(self.url)
        if path == "/v1/auth/sessions":
            self.tokens += 1
            return 201, {"token": f"t{self.tokens}", "refresh_token": f"r{self.tokens}"}
        if path == "/v1/auth/refresh":
            self.refreshed += 1
            return self.refreshing
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def challenge(url: str) -> dict[str, Any]:
    return {
        "nonce": "abcdefgh12345678",
        "client_token": "known to the client alone",
        "domain": url.removeprefix("http://"),
        "uri": url,
        "chain_id": 31337,
        "issued_at": "2026-11-20T19:00:00Z",
        "expires_at": "2026-11-20T19:05:00Z",
        "statement": SIGNING_IN,
        "version": "1",
    }


@contextmanager
def client_of(service: Service, tmp_path: Path) -> Iterator[Client]:
    with server(service) as url:
        service.url = url
        yield Client(url, wallet(tmp_path), patience=QUICK)


async def test_reading_is_repeated_after_a_bad_gateway(tmp_path: Path) -> None:
    service = Service((502, {}), (200, {"id": "i", "verb": "fund", "state": "final"}))
    with client_of(service, tmp_path) as made:
        async with made as client:
            assert (await client.intent("i")).state == "final"


async def test_signs_in_again_when_the_session_ended(tmp_path: Path) -> None:
    service = Service((401, {"type": "urn:x:no-session"}), (200, {"id": "i", "verb": "fund", "state": "mined"}))
    with client_of(service, tmp_path) as made:
        async with made as client:
            await client.intent("i")
    assert (service.tokens, service.refreshed) == (2, 1)


async def test_refreshes_before_it_signs_in_again(tmp_path: Path) -> None:
    service = Service((401, {"type": "urn:x:ended"}), (200, {"id": "i", "verb": "fund", "state": "mined"}))
    service.refreshing = (200, {"token": "t9", "refresh_token": "r9"})
    with client_of(service, tmp_path) as made:
        async with made as client:
            await client.intent("i")
    assert (service.tokens, service.refreshed) == (1, 1)


async def test_a_problem_carries_its_facts(tmp_path: Path) -> None:
    document = {"type": "urn:guildhall:problem:not-the-buyer", "detail": "no", "rule": "buyer releases"}
    with client_of(Service((403, document)), tmp_path) as made:
        async with made as client:
            with pytest.raises(Forbidden) as refusal:
                await client.intent("i")
    assert refusal.value.name == "not-the-buyer"
    assert refusal.value.facts == {"rule": "buyer releases"}
    assert refusal.value.request_id == "r1"


async def test_refuses_a_network_that_changes(tmp_path: Path) -> None:
    service = Service((200, {}))
    with client_of(service, tmp_path) as made:
        async with made as client:
            await client.network()
            service.network = {**NETWORK, "chain_id": 1}
            with pytest.raises(NetworkChanged, match="chain_id"):
                await client.clock()


async def test_channels_may_come_and_not_change(tmp_path: Path) -> None:
    service = Service((200, {}))
    contracts = dict(cast(dict[str, str], NETWORK["contracts"]))
    with client_of(service, tmp_path) as made:
        async with made as client:
            assert (await client.network()).permit2 is None
            for name, field in (("Permit2", "permit2"), ("PaymentChannel", "channels")):
                contracts[name] = "0xP"
                service.network = {**NETWORK, "contracts": dict(contracts)}
                await client.clock()
                assert getattr(await client.network(), field) == "0xP"
                service.network = {**NETWORK, "contracts": {**contracts, name: "0xQ"}}
                with pytest.raises(NetworkChanged, match=field):
                    await client.clock()


async def test_refuses_content_of_another_digest(tmp_path: Path) -> None:
    with client_of(Service((200, b"other bytes")), tmp_path) as made:
        async with made as client:
            with pytest.raises(DigestMismatch):
                await client.download("0x" + "00" * 32)


async def test_gives_up_after_bounded_attempts(tmp_path: Path) -> None:
    with server(Service((200, {}))) as url:
        pass
    async with Client(url, wallet(tmp_path), patience=QUICK) as client:
        with pytest.raises(Unreachable, match="3 attempts"):
            await client.network()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("domain", "evil.example"),
        ("chain_id", 1),
        ("uri", "http://evil.example"),
        ("uri", "http://127.0.0.1:9@evil.example"),
        ("statement", "fine\nURI: http://evil.example"),
        ("nonce", "a\nResources:"),
        ("version", "2"),
    ],
)
def test_refuses_a_challenge_for_another_place(member: str, value: object) -> None:
    asked = {**challenge("http://127.0.0.1:9"), member: value}
    with pytest.raises(SignatureRefused):
        sign_in_message(asked, address="0xA", origin="http://127.0.0.1:9", chain_id=31337)


def test_refuses_a_key_file_open_to_others(tmp_path: Path) -> None:
    file = tmp_path / "open"
    file.write_text("0x" + "11" * 32)
    file.chmod(0o644)
    with pytest.raises(KeyFileRefused, match="chmod 600"):
        Wallet.from_key_file(file)


def test_refuses_a_key_file_without_a_key(tmp_path: Path) -> None:
    file = tmp_path / "bad"
    file.touch(0o600)
    file.write_text("hello")
    with pytest.raises(KeyFileRefused, match="hex key"):
        Wallet.from_key_file(file)


def test_a_wallet_never_shows_its_key(tmp_path: Path) -> None:
    assert "11" * 32 not in repr(wallet(tmp_path))
